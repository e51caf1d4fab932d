import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { copyKeyFile } from '@rekey/adapters-crypto';
import { backupSqlite } from '@rekey/adapters-db';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { json, print, printJson } from './common.ts';

/** Writes a folder with all that a restore needs; docs/operations.md says how. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('copy the database and the key file, while servers run, into a new folder')
    .argument('<folder>', 'which must not be there yet')
    .addOption(json())
    .action(async (folder: string, options: { json?: true }) => {
      const { databaseUrl, keysFile } = loadConfig();
      if (!databaseUrl.startsWith('sqlite:')) {
        throw new Error(
          'PostgreSQL has its own tools: back the database up with pg_dump, and then the file KEYS_FILE, without which it is worth little',
        );
      }
      const target = path.resolve(folder);
      if (existsSync(target)) throw new Error(`${target} is there already`);
      const draft = `${target}.${randomBytes(4).toString('hex')}.tmp`;
      await mkdir(draft, { mode: 0o700 });
      try {
        await backupSqlite(databaseUrl, path.join(draft, 'rekey.db'));
        // The keys are copied last: no row of the copy may name a key that its key file lacks.
        await copyKeyFile(keysFile, path.join(draft, 'keys.json'));
        await sync(draft);
        await rename(draft, target);
        await sync(path.dirname(target));
      } catch (error) {
        await rm(draft, { recursive: true, force: true });
        throw error;
      }
      if (options.json) printJson({ folder: target });
      else print(`The backup is in ${target}. It holds every secret: keep it like the key file.`);
    });
}

/** Puts the names in a folder on the disk (fsync). */
async function sync(folder: string): Promise<void> {
  // Windows does not open folders, and does not need this.
  if (process.platform === 'win32') return;
  await using handle = await open(folder);
  await handle.sync();
}
