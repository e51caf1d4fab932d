import { type Key, operator, parseName } from '@rekey/domain';
import { Argument, type Command } from 'commander';
import { checked, json, onWire, print, printJson, printKey, table, withRekey } from './common.ts';
import type { Founding } from './founding.ts';
import { revoking, rotating, stateOf } from './key.ts';

type Json = { readonly json?: true };

/** The keys of the operator over the network. */
export function addRootKey(program: Command): void {
  making(program.command('create-root-key'), { mayFound: true });

  const rootKey = program
    .command('root-key')
    .description('make keys with which the operator calls over the network, and end them');

  making(rootKey.command('create'), { mayFound: false });

  rootKey
    .command('list')
    .description('show the root keys, the newest first; never their values')
    .addOption(json())
    .action(async (options: Json) => {
      const keys = await withRekey(({ keys }) => keys.listRootKeys.execute(operator));
      if (options.json) printJson({ keys: keys.map(onWire) });
      else if (keys.length === 0) print('There are none.');
      else print(...table(keys.map(row), ['ID', 'PREFIX', 'STATE', 'MADE', 'LAST USED', 'NAME']));
    });

  const kind = { name: 'root key', has: ({ serviceId }: Key) => serviceId === null };
  rotating(rootKey.command('rotate'), kind);
  revoking(rootKey.command('revoke'), kind);
}

/** A command that makes a root key and shows it. */
function making(command: Command, founding: Founding): void {
  command
    .description('make a key with which the operator does all administration over the network')
    .addArgument(new Argument('<name>', 'what the key is for').argParser(checked(parseName)))
    .addOption(json())
    .action(async (name: string, options: Json) => {
      const { key, value } = await withRekey(
        ({ keys }) => keys.createRootKey.execute(operator, { name }),
        founding,
      );
      if (options.json) printJson({ key: { ...onWire(key), value } });
      else printKey(`Root key ${key.name} is made.`, ['id', key.id], ['key', value]);
    });
}

const row = (key: Key): string[] => [
  key.id,
  key.prefix ?? '',
  stateOf(key),
  new Date(key.createdAt).toISOString(),
  key.lastUsedAt === null ? '' : new Date(key.lastUsedAt).toISOString(),
  key.name,
];
