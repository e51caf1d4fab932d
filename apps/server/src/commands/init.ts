import type { Command } from 'commander';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { json, print, printJson } from './common.ts';
import { isMissing, placesOf } from './founding.ts';

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
      const made = placesOf(config);
      if (options.json) printJson({ ...made, is_new: isNew });
      else if (isNew) print(`Made ${made.database} and ${made.keys}.`);
      else print(`${made.database} is there already.`);
    });
}
