import { memoryDatabase, sessionRacesContract } from '../testing/index.ts';

sessionRacesContract('the database in memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));
