import { memoryDatabase } from '../memory/index.ts';
import { racesContract } from './index.ts';

racesContract('the database in memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));
