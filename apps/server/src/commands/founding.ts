import path from 'node:path';
import { inspectDatabase, parseDatabaseUrl } from '@rekey/adapters-db';
import type { Config } from '../config.ts';

/** Whether a command may come before the first start, and makes what is missing. */
export type Founding = { readonly mayFound: boolean };

/**
 * Opens the database for a command. A command in the wrong folder must not make a second Rekey there: only those of the
 * first seed make one, and then they say so.
 */
export async function guardedOpening<T>(
  config: Config,
  open: () => Promise<T>,
  { mayFound }: Founding = { mayFound: false },
): Promise<T> {
  if (!(await isMissing(config))) return open();
  const { database, keys } = placesOf(config);
  if (!mayFound) {
    throw new Error(
      `there is no database of Rekey at ${database}. Point to another with DATABASE_URL, in the environment or in a file .env of this folder, or make one with: rekey init`,
    );
  }
  const opened = await open();
  process.stderr.write(`rekey: there was no Rekey here: made ${database} and ${keys}\n`);
  return opened;
}

export async function isMissing({ databaseUrl }: Config): Promise<boolean> {
  const found = await inspectDatabase(databaseUrl);
  return found === null || found.schema.version === 0;
}

/** Where the database and the key file are: whole paths, and a server without its password. */
export function placesOf({ databaseUrl, keysFile }: Config): { database: string; keys: string } {
  const place = parseDatabaseUrl(databaseUrl);
  if (place.kind === 'sqlite') return { database: place.file, keys: path.resolve(keysFile) };
  const { host = 'localhost', port = 5432, database = '' } = place.config;
  return { database: `postgres://${host}:${port}/${database}`, keys: path.resolve(keysFile) };
}
