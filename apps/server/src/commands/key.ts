import {
  hasExpired,
  type Id,
  type Key,
  type KeyType,
  keyTypes,
  NotFound,
  operator,
  parseExpiry,
  parseName,
  parseScopes,
} from '@rekey/domain';
import type { KeyFilter, UseCases } from '@rekey/usecases';
import { Argument, type Command, Option } from 'commander';
import {
  checked,
  confirmed,
  json,
  onWire,
  print,
  printJson,
  printKey,
  table,
  wholeNumber,
  withRekey,
  yes,
} from './common.ts';
import { idOf, serviceNamed, userName, userNamed } from './named.ts';

const WEEK_S = 604_800;

type Json = { readonly json?: true };
type Yes = { readonly yes?: true };

const states = {
  enabled: { isEnabled: true },
  disabled: { isEnabled: false, isRevoked: false },
  revoked: { isRevoked: true },
} as const satisfies Record<string, KeyFilter>;

type ListOptions = Json & {
  readonly user?: string;
  readonly service?: Id;
  readonly type?: KeyType;
  readonly state?: keyof typeof states;
  readonly limit: number;
};
type CreateOptions = Json & {
  readonly service: Id;
  readonly user?: string;
  readonly type: KeyType;
  readonly scopes?: string[];
  readonly expiresAt?: string;
  readonly disabled?: true;
};

/** The keys of services, of their users and of the operator. */
export function addKey(program: Command): void {
  const key = program
    .command('key')
    .description('look at keys of services and users, make them, replace them and take them back');

  key
    .command('list')
    .description('show keys, the oldest first; never their values')
    .addOption(
      new Option('--user <user>', 'of that user: e-mail address or id').argParser(userName),
    )
    .addOption(new Option('--service <id>', 'of that service').argParser(idOf('service')))
    .addOption(new Option('--type <type>', 'of that type').choices(keyTypes))
    .addOption(new Option('--state <state>', 'in that state').choices(Object.keys(states)))
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(json())
    .action(async (options: ListOptions) => {
      const keys = await withRekey((useCases) => list(useCases, options));
      if (options.json) printJson({ keys: keys.map(onWire) });
      else if (keys.length === 0) print('There are none.');
      else print(...table(keys.map(row), HEAD));
    });

  key
    .command('show')
    .description('show a key, but for its value')
    .addArgument(anId())
    .addOption(json())
    .action(async (id: Id, options: Json) => {
      const found = await withRekey((useCases) => keyNamed(useCases, id));
      if (options.json) printJson({ key: onWire(found) });
      else {
        print(...table(Object.entries(onWire(found)).map(([name, value]) => [name, shown(value)])));
      }
    });

  key
    .command('create')
    .description('make a key of a user at a service, or of a service itself, and show it')
    .addArgument(new Argument('<name>', 'what the key is for').argParser(checked(parseName)))
    .addOption(
      new Option('--service <id>', 'the service that the key is of')
        .argParser(idOf('service'))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--user <user>', 'the user that the key is of: e-mail address or id').argParser(
        userName,
      ),
    )
    .addOption(new Option('--type <type>', 'what it is for').choices(keyTypes).default('KEY'))
    .addOption(new Option('--scopes <scope...>', 'rights, in words of the service'))
    .addOption(
      new Option('--expires-at <time>', 'when it stops working, as in RFC 3339').argParser(
        checked((text) => parseExpiry(text, Date.now())),
      ),
    )
    .option('--disabled', 'not to be used yet')
    .addOption(json())
    .action(async (name: string, options: CreateOptions) => {
      parseScopes(options.scopes ?? []);
      const { key, value } = await withRekey((useCases) => create(useCases, name, options));
      if (options.json) printJson({ key: onWire(key), value });
      else printKey(`Key ${key.name} is made.`, ['id', key.id], ['key', value]);
    });

  rotating(key.command('rotate'), anyKey);
  revoking(key.command('revoke'), anyKey);
}

/** The keys that a command is for. */
type Kind = { readonly name: string; readonly has: (key: Key) => boolean };

const anyKey: Kind = { name: 'key', has: () => true };

/** A command that gives a key another value, and shows it. */
export function rotating(command: Command, kind: Kind): void {
  command
    .description(`give a ${kind.name} another value, and show it`)
    .addArgument(anId())
    .addOption(
      new Option('--overlap <seconds>', 'for how long the old value works as well')
        .default(0)
        .argParser(wholeNumber(0, WEEK_S, ' of seconds')),
    )
    .addOption(json())
    .action(async (id: Id, { overlap, ...options }: Json & { readonly overlap: number }) => {
      const overlapMs = overlap * 1000;
      const { key, value } = await withRekey(async (useCases) => {
        await keyNamed(useCases, id, kind);
        return useCases.keys.rotateKey.execute(operator, { id, overlapMs });
      });
      if (options.json) printJson({ key: onWire(key), value });
      else {
        const old = overlap === 0 ? 'does not work any more' : `works for ${overlap} s`;
        printKey(`The key has another value. The old one ${old}.`, ['id', key.id], ['key', value]);
      }
    });
}

/** A command that takes a key back for good. */
export function revoking(command: Command, kind: Kind): void {
  command
    .description(`take a ${kind.name} back, for good`)
    .addArgument(anId())
    .addOption(yes())
    .addOption(json())
    .action(async (id: Id, options: Json & Yes) => {
      const { name } = await withRekey((useCases) => keyNamed(useCases, id, kind));
      await confirmed(`Take the ${kind.name} ${name} (${id}) back for good?`, options);
      const key = await withRekey(({ keys }) => keys.retireKey.execute(operator, { id }));
      if (options.json) printJson({ key: onWire(key) });
      else print(`The key ${key.name} (${key.id}) is revoked.`);
    });
}

async function list(useCases: UseCases, options: ListOptions): Promise<Key[]> {
  const { user, service, type, state, limit } = options;
  if (service !== undefined) await serviceNamed(useCases, service);
  return useCases.keys.listKeys.execute(operator, {
    userIds: user === undefined ? undefined : [(await userNamed(useCases, user)).id],
    serviceIds: service === undefined ? undefined : [service],
    types: type === undefined ? undefined : [type],
    ...(state !== undefined && states[state]),
    page: { limit },
  });
}

async function create(useCases: UseCases, name: string, options: CreateOptions) {
  const { service, user, type, scopes, expiresAt, disabled = false } = options;
  await serviceNamed(useCases, service);
  return useCases.keys.createKey.execute(operator, {
    name,
    type,
    scopes,
    expiresAt,
    isEnabled: !disabled,
    serviceId: service,
    userId: user === undefined ? undefined : (await userNamed(useCases, user)).id,
  });
}

const anId = () =>
  new Argument('<key>', 'the id of the key, as lists show it; never the key itself').argParser(
    idOf('key'),
  );

/** The key that an argument names. Throws where there is none of that kind. */
async function keyNamed({ keys }: UseCases, id: Id, { name, has }: Kind = anyKey): Promise<Key> {
  const key = await keys.readKey.execute(operator, { id }).catch((error: unknown) => {
    if (error instanceof NotFound) return null;
    throw error;
  });
  if (key === null || !has(key)) throw new Error(`there is no ${name} ${id}`);
  return key;
}

/** The state of a key in a word. */
export function stateOf(key: Key): string {
  if (key.isRevoked) return 'revoked';
  if (!key.isEnabled) return 'disabled';
  return hasExpired(key, Date.now()) ? 'expired' : 'enabled';
}

const HEAD = ['ID', 'PREFIX', 'TYPE', 'STATE', 'SERVICE', 'USER', 'LAST USED', 'NAME'];

const row = (key: Key): string[] => [
  key.id,
  key.prefix ?? '',
  key.type,
  stateOf(key),
  key.serviceId ?? 'operator',
  key.userId ?? '',
  key.lastUsedAt === null ? '' : new Date(key.lastUsedAt).toISOString(),
  key.name,
];

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return value.join(' ');
  return value === null ? '' : String(value);
};
