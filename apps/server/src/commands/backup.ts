import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { copyKeyFile } from '@rekey/adapters-crypto';
import { backupSqlite } from '@rekey/adapters-db';
import { type Command, Option } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { act, json, print, printJson } from './common.ts';

/** Writes two folders, which together have all that a restore needs; docs/operations.md says how. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('copy the database and the key file, while servers run, each into a folder')
    .argument('<folder>', 'for the database; it must not be there yet')
    .addOption(
      new Option(
        '--keys-to <folder>',
        'for the key file; it must not be there yet, either',
      ).makeOptionMandatory(),
    )
    .addOption(json())
    .action(async (folder: string, options: { keysTo: string; json?: true }) => {
      if (!loadConfig().databaseUrl.startsWith('sqlite:')) {
        throw new Error(
          'PostgreSQL has its own tools: back the database up with pg_dump, and then the file KEYS_FILE, without which it is worth little',
        );
      }
      const [database, keys] = [await newPlace(folder), await newPlace(options.keysTo)];
      if (holds(database, keys) || holds(keys, database)) {
        throw new Error(
          'keep the key file apart from the database: a thief of both has everything',
        );
      }

      await act('rekey:Backup', (config) => copy(config, database, keys));
      if (options.json) printJson({ database, keys });
      else {
        print(
          `The database is in ${database}, and the key file in ${keys}.`,
          'Keep them apart: either of them is worth little to a thief, and both are worth everything.',
        );
      }
    });
}

/** Copies the database into one new folder, and the key file into the other. */
async function copy(
  { databaseUrl, keysFile }: Config,
  database: string,
  keys: string,
): Promise<void> {
  const [ofDatabase, ofKeys] = [draftFor(database), draftFor(keys)];
  // The database last: where its folder is, the backup is whole.
  const copies = [ofKeys, ofDatabase];
  try {
    for (const { at } of copies) await mkdir(at, { mode: 0o700 });
    await backupSqlite(databaseUrl, path.join(ofDatabase.at, 'rekey.db'));
    // The keys are copied last: no row of the copy may name a key that its key file lacks.
    await copyKeyFile(keysFile, path.join(ofKeys.at, 'keys.json'));
    for (const draft of copies) {
      await sync(draft.at);
      await rename(draft.at, draft.target);
      draft.at = draft.target;
      await sync(path.dirname(draft.target));
    }
  } catch (error) {
    for (const { at } of copies) await rm(at, { recursive: true, force: true });
    throw error;
  }
}

/** Where a folder will be, which is not there yet: its real path, whatever links lead to it. */
async function newPlace(folder: string): Promise<string> {
  const target = path.resolve(folder);
  if (existsSync(target)) throw new Error(`${target} is there already`);
  const parent = await realpath(path.dirname(target)).catch(() => path.dirname(target));
  return path.join(parent, path.basename(target));
}

/** Whether a place is the folder, or inside of it. */
const holds = (folder: string, place: string): boolean =>
  place === folder || place.startsWith(folder + path.sep);

/** A copy is made under another name, so that a whole one alone has its name. */
const draftFor = (target: string) => ({
  target,
  at: `${target}.${randomBytes(4).toString('hex')}.tmp`,
});

/** Puts the names in a folder on the disk (fsync). */
async function sync(folder: string): Promise<void> {
  // Windows does not open folders, and does not need this.
  if (process.platform === 'win32') return;
  await using handle = await open(folder);
  await handle.sync();
}
