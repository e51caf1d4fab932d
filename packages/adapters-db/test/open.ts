import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Open, type OpenDatabase, skips } from '@rekey/usecases/testing';
import { describe } from 'vitest';
import { openDatabase } from '../src/index.ts';
import { freshPostgres } from './postgres.ts';

const isMissing = (await freshPostgres()) === null;

/** Runs a suite on SQLite and on a real PostgreSQL. */
export function onEachDatabase(suite: (name: string, open: Open) => void): void {
  suite('SQLite', openSqlite);
  describe.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))('with a server', () => {
    suite('PostgreSQL', openPostgres);
  });
}

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
