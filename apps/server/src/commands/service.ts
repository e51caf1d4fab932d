import {
  type GivenService,
  type Id,
  isUsable,
  type Key,
  MAX_PAGE_SIZE,
  NotFound,
  operator,
  type Service,
  serviceParsers,
} from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import {
  checked,
  confirmed,
  json,
  onWire,
  print,
  printJson,
  printKey,
  table,
  WrongUsage,
  wholeNumber,
  withRekey,
  yes,
} from './common.ts';
import type { Founding } from './founding.ts';
import { stateOf } from './key.ts';
import { idOf } from './named.ts';

type Flag = 'true' | 'false';

/** What the options say of a service, by the names that commander makes of them. */
type ServiceOptions = {
  readonly name?: string;
  readonly url?: string;
  readonly localUrl?: string;
  readonly githubUrl?: string;
  readonly microsoftUrl?: string;
  readonly googleUrl?: string;
  readonly supportUrl?: string;
  readonly emailText?: string;
  readonly allowRegister?: Flag;
  readonly seesAllUsers?: Flag;
  readonly ownerRecovery?: Flag;
  readonly requireFactor?: Flag;
  readonly newDeviceMail?: Flag;
};
type Json = { readonly json?: true };
type Yes = { readonly yes?: true };

const WEEK_S = 604_800;

/** The backends that act for their users. */
export function addService(program: Command): void {
  registering(program.command('create-service-with-key'), { mayFound: true });

  const service = program
    .command('service')
    .description('register the services that act for their users, change them, and end them');

  service
    .command('list')
    .description('show the services, the oldest first')
    .addOption(json())
    .action(async (options: Json) => {
      const services = await withRekey(allServices);
      if (options.json) printJson({ services: services.map(onWire) });
      else print(...table(services.map(row), ['ID', 'NAME', 'STATE', 'URL']));
    });

  service
    .command('show')
    .description('show a service, and what its keys are like')
    .addArgument(anId())
    .addOption(json())
    .action(async (id: Id, options: Json) => {
      const [found, keys] = await at(id, async (useCases) => [
        await useCases.services.readService.execute(operator, { id }),
        await useCases.services.listOwnKeys.execute(operator, { id }),
      ]);
      if (options.json) printJson({ service: onWire(found), keys: keys.map(onWire) });
      else {
        const facts = Object.entries(onWire(found)).map(([name, value]) => [name, shown(value)]);
        const head = ['KEY', 'PREFIX', 'STATE', 'LAST USED', 'NAME'];
        print(...table(facts), '', ...(keys.length > 0 ? table(keys.map(keyRow), head) : []));
      }
    });

  registering(service.command('create'), { mayFound: false });

  describing(
    service
      .command('update')
      .description('change what the options name of a service; an empty text takes a text away')
      .addArgument(anId())
      .addOption(
        new Option('--name <name>', 'shown in mails').argParser(checked(serviceParsers.name)),
      )
      .addOption(
        new Option('--url <url>', 'where the service lives').argParser(checked(serviceParsers.url)),
      ),
  )
    .addOption(json())
    .action(async (id: Id, options: ServiceOptions & Json) => {
      const given = givenOf(options);
      if (Object.values(given).every((value) => value === undefined)) {
        throw new WrongUsage('nothing is to be changed: name what by an option');
      }
      await change(id, given, options, 'is changed');
    });

  service
    .command('rotate-key')
    .description('give a key of a service another value, and show it: for a key that leaked')
    .addArgument(anId())
    .addArgument(aKey('[key]'))
    .addOption(
      new Option('--overlap <seconds>', 'for how long the old value works as well')
        .default(0)
        .argParser(wholeNumber(0, WEEK_S, ' of seconds')),
    )
    .addOption(json())
    .action(async (id: Id, named: string | undefined, options: { overlap: number } & Json) => {
      const { key, value } = await at(id, async (useCases) => {
        const { id: keyId } = pick(
          await useCases.services.listOwnKeys.execute(operator, { id }),
          named,
        );
        const overlapMs = options.overlap * 1000;
        return useCases.keys.rotateKey.execute(operator, { id: keyId, overlapMs });
      });
      if (options.json) printJson({ key: onWire(key), value });
      else {
        const old =
          options.overlap === 0 ? 'does not work any more' : `works for ${options.overlap} s`;
        printKey(`The key has another value. The old one ${old}.`, ['id', key.id], ['key', value]);
      }
    });

  service
    .command('revoke-key')
    .description('take a key of a service back, for good')
    .addArgument(anId())
    .addArgument(aKey('<key>'))
    .addOption(yes())
    .addOption(json())
    .action(async (id: Id, named: string, options: Yes & Json) => {
      const { id: keyId, name } = await at(id, async (useCases) =>
        pick(await useCases.services.listOwnKeys.execute(operator, { id }), named),
      );
      await confirmed(`Take the key ${name} (${keyId}) back for good?`, options);
      const key = await at(id, ({ keys }) => keys.retireKey.execute(operator, { id: keyId }));
      if (options.json) printJson({ key: onWire(key) });
      else print(`The key ${key.name} (${key.id}) is revoked.`);
    });

  service
    .command('disable')
    .description('refuse the keys of a service, and the sessions of its users with it')
    .addArgument(anId())
    .addOption(json())
    .action((id: Id, options: Json) => change(id, { isEnabled: false }, options, 'is disabled'));

  service
    .command('enable')
    .description('let a service work again that was disabled')
    .addArgument(anId())
    .addOption(json())
    .action((id: Id, options: Json) => change(id, { isEnabled: true }, options, 'is enabled'));

  service
    .command('delete')
    .description('delete a service that no user has a key of, with its keys')
    .addArgument(anId())
    .addOption(yes())
    .addOption(json())
    .action(async (id: Id, options: Yes & Json) => {
      const { name } = await at(id, ({ services }) =>
        services.readService.execute(operator, { id }),
      );
      await confirmed(`Delete the service ${name} (${id}) with its keys?`, options);
      await at(id, ({ services }) => services.deleteService.execute(operator, { id }));
      if (options.json) printJson({});
      else print(`Service ${name} is deleted.`);
    });
}

/** A command that registers a service and shows its key. */
function registering(command: Command, founding: Founding): void {
  describing(
    command
      .description('register a service and show its key')
      .addArgument(new Argument('<name>', 'shown in mails').argParser(checked(serviceParsers.name)))
      .addArgument(
        new Argument('<url>', 'where the service lives').argParser(checked(serviceParsers.url)),
      ),
  )
    .addOption(json())
    .action(async (name: string, url: string, options: ServiceOptions & Json) => {
      const { service, key, value } = await withRekey(
        ({ services }) =>
          services.createServiceWithKey.execute(operator, { ...givenOf(options), name, url }),
        founding,
      );
      if (options.json) printJson({ service: onWire(service), key: { ...onWire(key), value } });
      else {
        printKey(`Service ${service.name} is registered.`, ['service', service.id], ['key', value]);
      }
    });
}

/** Adds the options for all that can be left out of a service. */
function describing(command: Command): Command {
  const text = (flags: string, parser: keyof typeof serviceParsers, does: string) =>
    new Option(flags, does).argParser(checked((given) => serviceParsers[parser](given)));
  const flag = (name: string, does: string) =>
    new Option(`--${name} <boolean>`, does).choices(['true', 'false']);
  return command
    .addOption(text('--local-url <url>', 'providerLocalUrl', 'page that links in mails lead to'))
    .addOption(
      text(
        '--github-url <url>',
        'providerGithubOauth2Url',
        'page that sign-ins with GitHub come back to',
      ),
    )
    .addOption(
      text(
        '--microsoft-url <url>',
        'providerMicrosoftOauth2Url',
        'page that sign-ins with Microsoft come back to',
      ),
    )
    .addOption(
      text(
        '--google-url <url>',
        'providerGoogleOauth2Url',
        'page that sign-ins with Google come back to',
      ),
    )
    .addOption(
      text('--support-url <url>', 'supportUrl', 'where people find help: https: or mailto:'),
    )
    .addOption(text('--email-text <text>', 'userEmailText', 'text that mails of the service carry'))
    .addOption(flag('allow-register', 'whether people may register by themselves'))
    .addOption(flag('sees-all-users', 'whether the service sees and changes all users'))
    .addOption(flag('owner-recovery', 'whether owners open again accounts that they locked'))
    .addOption(flag('require-factor', 'whether a login takes a second factor'))
    .addOption(flag('new-device-mail', 'whether owners are mailed about a new device'));
}

const givenOf = (options: ServiceOptions): GivenService => ({
  name: options.name,
  url: options.url,
  providerLocalUrl: options.localUrl,
  providerGithubOauth2Url: options.githubUrl,
  providerMicrosoftOauth2Url: options.microsoftUrl,
  providerGoogleOauth2Url: options.googleUrl,
  supportUrl: options.supportUrl,
  userEmailText: options.emailText,
  userAllowRegister: isTrue(options.allowRegister),
  seesAllUsers: isTrue(options.seesAllUsers),
  ownerRecovery: isTrue(options.ownerRecovery),
  requireFactor: isTrue(options.requireFactor),
  newDeviceMail: isTrue(options.newDeviceMail),
});

const isTrue = (flag: Flag | undefined): boolean | undefined =>
  flag === undefined ? undefined : flag === 'true';

async function change(id: Id, given: GivenService, options: Json, what: string): Promise<void> {
  const service = await at(id, ({ services }) =>
    services.updateService.execute(operator, { id, ...given }),
  );
  if (options.json) printJson({ service: onWire(service) });
  else print(`Service ${service.name} ${what}.`);
}

const anId = () => new Argument('<service>', 'the id of the service').argParser(idOf('service'));

const aKey = (place: '<key>' | '[key]') =>
  new Argument(place, 'the id or the prefix of the key; never the key itself').argParser(
    (text: string): string => {
      if (text.length > 36) throw new InvalidArgumentError('It must be the id or prefix of a key.');
      return text;
    },
  );

/** Does something with a service, and says which one where there is no such service. */
async function at<T>(id: Id, work: (useCases: UseCases) => Promise<T>): Promise<T> {
  try {
    return await withRekey(work);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new Error(`there is no service ${id}`, { cause: error });
  }
}

async function allServices({ services }: UseCases): Promise<Service[]> {
  const all: Service[] = [];
  for (;;) {
    const page = { after: all.at(-1)?.id, limit: MAX_PAGE_SIZE };
    const found = await services.listServices.execute(operator, { page });
    all.push(...found);
    if (found.length < MAX_PAGE_SIZE) return all;
  }
}

/** The key that is named by its id or prefix, or the only one that is usable. */
function pick(keys: readonly Key[], named: string | undefined): Key {
  if (named !== undefined) {
    const [found, ...others] = keys.filter(({ id, prefix }) => [id, prefix].includes(named));
    if (found && others.length === 0) return found;
    throw new Error(found ? 'several keys have this prefix' : 'the service has no such key');
  }
  const [usable, ...others] = keys.filter((key) => isUsable(key, Date.now()));
  if (!usable) throw new Error('the service has no usable key');
  if (others.length === 0) return usable;
  const names = [usable, ...others].map(({ id, name }) => `${id} (${name})`);
  throw new WrongUsage(`the service has several keys: say which of ${names.join(', ')}`);
}

const row = ({ id, name, isEnabled, url }: Service): string[] => [
  id,
  name,
  isEnabled ? 'enabled' : 'disabled',
  url,
];

function keyRow(key: Key): string[] {
  const used = key.lastUsedAt === null ? '' : new Date(key.lastUsedAt).toISOString();
  return [key.id, key.prefix ?? '', stateOf(key), used, key.name];
}

/** On one line. */
const shown = (value: unknown): string =>
  value === null ? '' : String(value).replaceAll('\n', ' ');
