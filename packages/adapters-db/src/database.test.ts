import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseContract, type OpenDatabase, racesContract, skips } from '@rekey/usecases/testing';
import { describe } from 'vitest';
import { freshPostgres } from '../test/postgres.ts';
import { openDatabase } from './index.ts';

const contracts = [databaseContract, racesContract];
for (const contract of contracts) contract('SQLite', openSqlite);

const isAvailable = (await freshPostgres()) !== null;
describe.skipIf(skips(!isAvailable, 'PostgreSQL cannot run here'))('with a server', () => {
  for (const contract of contracts) contract('PostgreSQL', openPostgres);
});

async function openSqlite(): Promise<OpenDatabase> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  const { database, migrate, close } = await openDatabase({
    url: `sqlite:${path.join(folder, 'rekey.db')}`,
  });
  await migrate();
  return {
    database,
    concurrency: 1,
    close: async () => {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openPostgres(): Promise<OpenDatabase> {
  const concurrency = 16;
  const url = (await freshPostgres()) ?? '';
  const { database, migrate, close } = await openDatabase({ url, poolSize: concurrency });
  await migrate();
  return { database, concurrency, close };
}
