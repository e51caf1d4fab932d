import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseContract } from '@rekey/usecases/testing';
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
