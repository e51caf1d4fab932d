import { openDatabase } from '@rekey/adapters-db';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { json, print, printJson } from './common.ts';
import { guardedOpening } from './founding.ts';

/** Every server migrates at its start: this is for operators who want it done before. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the schema of the database up to date')
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const config = loadConfig();
      const steps = await guardedOpening(config, () => migrate(config.databaseUrl));
      if (options.json) printJson({ steps });
      else if (steps.length === 0) print('The schema is up to date.');
      else print('The schema is up to date now. Steps that ran:', ...steps.map((s) => `  ${s}`));
    });
}

async function migrate(url: string): Promise<string[]> {
  const opened = await openDatabase({ url });
  try {
    return await opened.migrate();
  } finally {
    await opened.close();
  }
}
