import { databaseContract } from './contracts.ts';
import { memoryDatabase } from './memory-database.ts';

databaseContract('memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));
