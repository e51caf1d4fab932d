import path from 'node:path';
import { inspectDatabase, parseDatabaseUrl } from '@rekey/adapters-db';
import type { Command } from 'commander';
import { compose } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { colored, json, print, printJson } from './common.ts';

/** They may come before the first start, and make what is missing. */
const FOUNDING = ['create-service-with-key', 'create-root-key'];
/** They look at no database, or say themselves that there is none. */
const APART = [
  'init',
  'serve',
  'doctor',
  'calibrate',
  'completion',
  'keyring list',
  'mail preview',
  'mail templates',
  'mail last',
];

export function addInit(program: Command): void {
  program
    .command('init')
    .description('make the database and the key file, where there is none yet')
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const config = loadConfig();
      const isNew = await isMissing(config);
      // Opening makes both, and leaves alone what is there.
      const { close } = await compose(config);
      await close();
      const made = madeBy(config);
      if (options.json) printJson({ ...made, is_new: isNew });
      else if (isNew) print(`Made ${made.database} and ${made.keys}.`);
      else print(`${made.database} is there already.`);
    });
}

/** A command in the wrong folder must not make a second Rekey there: only some make one, and then they say so. */
export function guardAgainstSecond(program: Command): void {
  let isNew = false;
  program.hook('preAction', async (_program, command) => {
    const name = nameOf(command);
    if (APART.includes(name)) return;
    const config = loadConfig();
    isNew = await isMissing(config);
    if (isNew && !FOUNDING.includes(name)) {
      const { database } = madeBy(config);
      throw new Error(
        `there is no database of Rekey at ${database}. Point to another with DATABASE_URL, in the environment or in a file .env of this folder, or make one with: ${program.name()} init`,
      );
    }
  });
  program.hook('postAction', () => {
    if (!isNew) return;
    const { database, keys } = madeBy(loadConfig());
    const start = colored('yellow', `${program.name()}:`, process.stderr);
    process.stderr.write(`${start} there was no Rekey here: made ${database} and ${keys}\n`);
  });
}

/** The words of a command behind the name of the program. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

async function isMissing({ databaseUrl }: Config): Promise<boolean> {
  const found = await inspectDatabase(databaseUrl);
  return found === null || found.schema.version === 0;
}

/** Whole paths, or the place of a server without its password. */
function madeBy({ databaseUrl, keysFile }: Config): { database: string; keys: string } {
  const place = parseDatabaseUrl(databaseUrl);
  if (place.kind === 'sqlite') return { database: place.file, keys: path.resolve(keysFile) };
  const { host = 'localhost', port = 5432, database = '' } = place.config;
  return { database: `postgres://${host}:${port}/${database}`, keys: path.resolve(keysFile) };
}
