import path from 'node:path';
import { inspectDatabase, parseDatabaseUrl } from '@rekey/adapters-db';
import type { Command } from 'commander';
import type { Config } from '../config.ts';

/** They may come before the first start, and make what is missing. */
const FOUNDING = ['create-service-with-key', 'create-root-key'];

/** The command line that runs; null where something else opens Rekey, which makes what is missing. */
let running: { readonly program: string; readonly isFounding: boolean } | null = null;

/** Lets `guardedOpening` know which command runs. */
export function watchCommands(program: Command): void {
  program.hook('preAction', (_program, command) => {
    const isFounding = command.parent === program && FOUNDING.includes(command.name());
    running = { program: program.name(), isFounding };
  });
  program.hook('postAction', () => {
    running = null;
  });
}

/**
 * Opens the database for a command. A command in the wrong folder must not make a second Rekey there: only two of them
 * make one, and then they say so.
 */
export async function guardedOpening<T>(config: Config, open: () => Promise<T>): Promise<T> {
  if (running === null || !(await isMissing(config))) return open();
  const { program, isFounding } = running;
  const { database, keys } = placesOf(config);
  if (!isFounding) {
    throw new Error(
      `there is no database of Rekey at ${database}. Point to another with DATABASE_URL, in the environment or in a file .env of this folder, or make one with: ${program} init`,
    );
  }
  const opened = await open();
  process.stderr.write(`${program}: there was no Rekey here: made ${database} and ${keys}\n`);
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
