import { open } from 'node:fs/promises';
import Sqlite from 'better-sqlite3';
import { parseDatabaseUrl } from './database-url.ts';
import { checkIdentity } from './dialects/sqlite.ts';

/**
 * Copies an SQLite database as it is at one moment, while others write to it, into a new file for its owner alone.
 * The copy is checked, and on the disk when this returns.
 */
export async function backupSqlite(url: string, copy: string): Promise<void> {
  const place = parseDatabaseUrl(url);
  if (place.kind !== 'sqlite') throw new Error('PostgreSQL has tools of its own for backups');
  const { file } = place;
  const created = await open(copy, 'wx', 0o600);
  try {
    const source = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      checkIdentity(source);
      // One read of everything: unlike page by page, it ends even where others write without a pause.
      source.prepare('vacuum into ?').run(copy);
    } finally {
      source.close();
    }
    checkPages(copy);
    await created.sync();
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`the database file ${file} cannot be copied: ${reason}`, { cause: error });
  } finally {
    await created.close();
  }
}

function checkPages(file: string): void {
  const handle = new Sqlite(file, { readonly: true });
  try {
    const verdict = handle.pragma('quick_check', { simple: true });
    if (verdict !== 'ok') throw new Error(`the copy is damaged: ${verdict}`);
  } finally {
    handle.close();
  }
}
