import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseDatabaseUrl } from './database-url.ts';

/** Reading and writing by the group and by all others. */
const OTHERS = 0o066;
/** Of a folder that is shared on purpose, such as /tmp. */
const STICKY = 0o1000;

/**
 * The command that takes the files of an SQLite database, and their folder, from all but their owner; null where nobody
 * else can read or write one of them. The files of PostgreSQL are its own matter.
 */
export async function commandToClose(url: string): Promise<string | null> {
  // Windows has no permission bits, and makes them up.
  const place = parseDatabaseUrl(url);
  if (place.kind !== 'sqlite' || process.platform === 'win32') return null;
  const { file } = place;
  const commands: string[] = [];
  for (const [mode, name] of [
    ['700', path.dirname(file)],
    ['600', file],
    ['600', `${file}-wal`],
    ['600', `${file}-shm`],
  ] as const) {
    if (await isOpen(name))
      commands.push(`chmod ${mode} '${name.replaceAll("'", String.raw`'\''`)}'`);
  }
  return commands.length === 0 ? null : commands.join(' && ');
}

async function isOpen(name: string): Promise<boolean> {
  const found = await stat(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found !== null && (found.mode & OTHERS) !== 0 && (found.mode & STICKY) === 0;
}
