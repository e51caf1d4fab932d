import { operator, parseName } from '@rekey/domain';
import { Argument, type Command } from 'commander';
import { checked, json, onWire, printJson, printKey, withRekey } from './common.ts';

/** The keys of the operator over the network. */
export function addRootKey(program: Command): void {
  program
    .command('create-root-key')
    .description(
      'make a key with which the operator may look at the users and keys of every service',
    )
    .addArgument(new Argument('<name>', 'what the key is for').argParser(checked(parseName)))
    .addOption(json())
    .action(async (name: string, options: { json?: true }) => {
      const { key, value } = await withRekey(({ keys }) =>
        keys.createRootKey.execute(operator, { name }),
      );
      if (options.json) printJson({ key: { ...onWire(key), value } });
      else printKey(`Root key ${key.name} is made.`, ['id', key.id], ['key', value]);
    });
}
