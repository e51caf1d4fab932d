import { memoryDatabase, racesContract } from '../testing/index.ts';

racesContract('the database in memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));
