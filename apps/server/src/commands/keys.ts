import {
  currentFirst,
  openKeyFile,
  type Purpose,
  purposes,
  rotateKeys,
} from '@rekey/adapters-crypto';
import { type Command, Option } from 'commander';
import { loadConfig } from '../config.ts';
import { json, onWire, print, printJson, table } from './common.ts';

/**
 * All but the pepper: after its rotation every user's next login hashes twice, and the old one can go only when
 * nobody is left who has not logged in since.
 */
const routine = purposes.filter((purpose) => purpose !== 'pepper');

const DAY = 86_400_000;

/** The secrets that the database does not have. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('look at the key file, and rotate its keys');

  keys
    .command('list')
    .description('show the ids and ages of the keys, and nothing else of them')
    .addOption(json())
    .action(async (options) => {
      const file = await openKeyFile(loadConfig().keysFile, { mayCreate: false });
      const now = Date.now();
      const list = purposes.flatMap((purpose) => {
        const [current] = currentFirst(file[purpose], now);
        return file[purpose].map(({ kid, createdAt }) => {
          return { purpose, kid, createdAt, isCurrent: kid === current.kid };
        });
      });
      if (options.json) printJson({ keys: list.map(onWire) });
      else {
        const rows = list.map(({ purpose, kid, createdAt, isCurrent }) => {
          const days = Math.floor((now - createdAt) / DAY);
          return [purpose, kid, `${days}`, isCurrent ? 'current' : ''];
        });
        print(...table(rows, ['PURPOSE', 'ID', 'DAYS OLD', '']));
      }
    });

  keys
    .command('rotate')
    .description('add a new key for each purpose; the old ones stay for what was made with them')
    .addOption(
      new Option('--purpose <purpose...>', 'which ones (default: all but the pepper)').choices(
        purposes,
      ),
    )
    .addOption(json())
    .action(async (options: { purpose?: Purpose[]; json?: true }) => {
      const chosen = [...new Set(options.purpose ?? routine)];
      const rotated = await rotateKeys(loadConfig().keysFile, chosen);
      if (options.json) printJson({ rotated });
      else {
        print(
          'New keys, which are made use of in a minute, when every server has seen them:',
          ...table(Object.entries(rotated).map(([purpose, kid]) => [`  ${purpose}`, kid])),
        );
      }
    });
}
