import type { Open } from '../contracts/opened.ts';
import { memoryDatabase } from '../memory/index.ts';
import { racesContract } from './index.ts';
import { linkRacesContract } from './link-races.ts';

const open: Open = async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
});
racesContract('the database in memory', open);
linkRacesContract('the database in memory', open);
