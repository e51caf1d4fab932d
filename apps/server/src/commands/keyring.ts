import { existsSync } from 'node:fs';
import {
  currentFirst,
  hasOutlived,
  type KeyPurpose,
  keyPurposes,
  openKeyFile,
  pruneKeys,
  rotateKeys,
} from '@rekey/adapters-crypto';
import { DAY_MS, DEVICE_LIFE_MS } from '@rekey/domain';
import { type Command, Option } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { act, confirmed, json, onWire, print, printJson, table, yes } from './common.ts';
import { guardedOpening } from './founding.ts';

/**
 * All purposes but two. After a rotation of the pepper each user's next login hashes twice, and the old pepper can go
 * only when every user has logged in since; a rotation of the key for counts forgets every try of late.
 */
const routine = keyPurposes.filter((purpose) => purpose !== 'pepper' && purpose !== 'throttle');

/** Where an old key can go before its time: what was made with it ends, and can be made anew. */
const endable = ['signing', 'signingRsa', 'encryption', 'link', 'device', 'throttle'] as const;

/** The secrets that the database does not have. */
export function addKeyring(program: Command): void {
  const keyring = program
    .command('keyring')
    .description('look at the key file, rotate its keys, and remove old ones');

  keyring
    .command('list')
    .description('show the ids and ages of the keys, and nothing else of them')
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const config = loadConfig();
      const open = () => openKeyFile(config.keysFile, { mayCreate: false });
      // Where there is no Rekey at all, nothing was lost.
      const file = existsSync(config.keysFile) ? await open() : await guardedOpening(config, open);
      const now = Date.now();
      const keys = keyPurposes.flatMap((purpose) => {
        const [current] = currentFirst(file[purpose], now);
        return file[purpose].map(({ kid, createdAt }) => {
          return { purpose, kid, createdAt, isCurrent: kid === current?.kid };
        });
      });
      if (options.json) printJson({ keys: keys.map(onWire) });
      else {
        const rows = keys.map(({ purpose, kid, createdAt, isCurrent }) => {
          const days = Math.floor((now - createdAt) / DAY_MS);
          return [purpose, kid, `${days}`, isCurrent ? 'current' : ''];
        });
        print(...table(rows, ['PURPOSE', 'ID', 'DAYS OLD', '']));
      }
    });

  keyring
    .command('rotate')
    .description('add a new key for each purpose; the old ones stay for what was made with them')
    .addOption(
      new Option(
        '--purpose <purpose...>',
        'which ones (default: all but pepper and throttle)',
      ).choices(keyPurposes),
    )
    .addOption(json())
    .action(async (options: { purpose?: KeyPurpose[]; json?: true }) => {
      const printed = unwritten();
      const rotated = await act('rekey:KeyringRotate', async ({ keysFile }) => {
        const present = await openKeyFile(keysFile, { mayCreate: false });
        const due = options.purpose ?? routine.filter((purpose) => present[purpose].length > 0);
        return rotateKeys(keysFile, [...new Set(due)], printed);
      });
      if (options.json) printJson({ rotated, ...printed.wire() });
      else if (printed.text() !== null) printed.show();
      else {
        print(
          'New keys, which are used in a minute, when every server has seen them:',
          ...table(Object.entries(rotated).map(([purpose, kid]) => [`  ${purpose}`, kid])),
        );
      }
    });

  keyring
    .command('prune')
    .description('remove old keys whose tokens and links have all expired; other keys stay')
    .addOption(
      new Option(
        '--ending <purpose...>',
        'remove those of these purposes now, with what was made with them: for a file that leaked',
      ).choices(endable),
    )
    .addOption(yes())
    .addOption(json())
    .action(async (options: { ending?: KeyPurpose[]; yes?: true; json?: true }) => {
      const { ending = [] } = options;
      if (ending.length > 0) {
        await confirmed(`End everything made with old keys for ${ending.join(', ')}?`, options);
      }
      const now = Date.now();
      const printed = unwritten();
      const pruned = await act('rekey:KeyringPrune', (config) =>
        pruneKeys(
          config.keysFile,
          (purpose, successor) => {
            const ttlMs = ending.includes(purpose) ? 0 : ttlMsOf(purpose, config);
            return ttlMs !== null && hasOutlived(successor, ttlMs, now);
          },
          printed,
        ),
      );
      const rows = Object.entries(pruned).flatMap(([purpose, kids]) =>
        kids.map((kid) => [`  ${purpose}`, kid]),
      );
      if (options.json) printJson({ pruned, ...printed.wire() });
      else if (printed.text() !== null) printed.show();
      else if (rows.length === 0) print('No key is old enough.');
      else print('Removed keys:', ...table(rows));
    });
}

/** The new key file where Rekey cannot write it, a mounted secret: somebody else has to put it into its place. */
function unwritten() {
  let file: string | null = null;
  return {
    onReadOnly: (text: string) => {
      file = text;
    },
    text: () => file,
    wire: () => (file === null ? {} : { file: JSON.parse(file) }),
    /** The file alone on stdout, to be sent on to where it belongs. */
    show() {
      process.stderr.write(
        'The key file cannot be written here. This is the new one: put it into the place of the old one, and show it to nobody.\n',
      );
      process.stdout.write(file ?? '');
    },
  };
}

/** How long what is made with a key is good; null where only the database tells what still needs the key. */
function ttlMsOf(
  purpose: KeyPurpose,
  { accessTokenTtlS, usersTokenTtlS, revokeTokenTtlS }: Config,
): number | null {
  switch (purpose) {
    case 'signing':
      return Math.max(accessTokenTtlS, usersTokenTtlS) * 1000;
    case 'signingRsa':
    case 'encryption':
      return usersTokenTtlS * 1000;
    case 'link':
      return revokeTokenTtlS * 1000;
    case 'device':
      return DEVICE_LIFE_MS;
    case 'throttle':
      // Nothing is looked up under an old one.
      return 0;
    case 'pepper':
    case 'seal':
    case 'audit':
      return null;
  }
}
