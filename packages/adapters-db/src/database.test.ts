import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseContract } from '@rekey/usecases/testing';
import { describe } from 'vitest';
import { freshPostgres } from '../test/postgres.ts';
import { openDatabase } from './index.ts';

databaseContract('SQLite', async () => {
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
});

const isAvailable = (await freshPostgres()) !== null;
describe.skipIf(!isAvailable)('with a server', () => {
  databaseContract('PostgreSQL', async () => {
    const concurrency = 16;
    const url = (await freshPostgres()) ?? '';
    const { database, migrate, close } = await openDatabase({ url, poolSize: concurrency });
    await migrate();
    return { database, concurrency, close };
  });
});
