import { text as textOf } from 'node:stream/consumers';
import { userExportJson } from '@rekey/adapters-http';
import {
  type Attributes,
  canonicalEmail,
  IllegalArgument,
  isId,
  MAX_PAGE_SIZE,
  NotFound,
  operator,
  parseAttributes,
  parseEmail,
  parseLocale,
  parseName,
  parseSearch,
  parseTimezone,
  rolesOf,
  type SeenUser,
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
  table,
  WrongUsage,
  wholeNumber,
  withRekey,
  yes,
} from './common.ts';
import { userName, userNamed } from './named.ts';
import { addUserFactors } from './user-factors.ts';
import { addUserInvite } from './user-invite.ts';
import { addUserRoles } from './user-roles.ts';

type Json = { readonly json?: true };
type Flag = 'true' | 'false';

/** What the options say of a user, by the names that commander makes of them. */
type UserOptions = {
  readonly locale?: string;
  readonly timezone?: string;
  readonly allowReset?: Flag;
  readonly requireUpdate?: Flag;
  readonly attributes?: Attributes;
};

/** The people. */
export function addUser(program: Command): void {
  const user = program
    .command('user')
    .description('find people, change them, and give them what is kept about them');

  user
    .command('find')
    .description('find users by id, by address, or by the beginning of a name or address')
    .addArgument(new Argument('<text>', 'in any case').argParser(checked(parseSearch)))
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, MAX_PAGE_SIZE)),
    )
    .addOption(json())
    .action(async (text: string, options: { readonly limit: number } & Json) => {
      const users = await withRekey((useCases) => find(useCases, text, options.limit));
      if (options.json) printJson({ users: users.map(userOut) });
      else if (users.length === 0) print('There are none.');
      else print(...table(users.map(row), ['ID', 'STATE', 'LAST LOGIN', 'ADDRESS', 'NAME']));
    });

  user
    .command('show')
    .description('show a user')
    .addArgument(aUser())
    .addOption(json())
    .action(async (name: string, options: Json) => {
      show(await withRekey((useCases) => read(useCases, name)), options);
    });

  describing(
    user
      .command('create')
      .description('make a user, of whom no service knows until it makes a key for the id')
      .addArgument(new Argument('<name>', 'of the person').argParser(checked(parseName)))
      .addArgument(new Argument('<email>', 'of the person').argParser(checked(parseEmail)))
      .option('--password-stdin', 'read a password from standard input')
      .option('--disabled', 'the user can do nothing until it is enabled'),
  )
    .addOption(json())
    .action(
      async (
        name: string,
        email: string,
        options: UserOptions & { passwordStdin?: true; disabled?: true } & Json,
      ) => {
        const { passwordStdin, disabled } = options;
        const given = passwordStdin ? await textOf(process.stdin) : '';
        const { user } = await withRekey(async ({ users, services }) => {
          // It may come before the first start.
          await services.openFormService.execute(operator);
          return users.createUser.execute(operator, {
            ...givenOf(options),
            name,
            email,
            isEnabled: !disabled,
            password: passwordStdin ? given.replace(/\r?\n$/, '') : undefined,
          });
        });
        if (options.json) printJson({ user: userOut(user) });
        else print(`${user.email} is made. The id is ${user.id}.`);
      },
    );

  describing(
    user
      .command('update')
      .description('change what the options name of a user')
      .addArgument(aUser())
      .addOption(new Option('--name <name>', 'of the person').argParser(checked(parseName))),
  )
    .addOption(json())
    .action(async (named: string, options: UserOptions & { name?: string } & Json) => {
      const given = { ...givenOf(options), name: options.name };
      if (Object.values(given).every((value) => value === undefined)) {
        throw new WrongUsage('nothing is to be changed: name what by an option');
      }
      const changed = await change(named, given);
      if (options.json) printJson({ user: userOut(changed) });
      else print(`${changed.email} is changed.`);
    });

  const addSwitch = (verb: string, description: string, isEnabled: boolean, said: string) =>
    user
      .command(verb)
      .description(description)
      .addArgument(aUser())
      .addOption(json())
      .action(async (named: string, options: Json) => {
        const changed = await change(named, { isEnabled });
        if (options.json) printJson({ user: userOut(changed) });
        else print(`${changed.email} ${said}`);
      });
  addSwitch(
    'disable',
    'log a user out everywhere, and let it do nothing until the operator enables it',
    false,
    'is disabled, and logged out everywhere.',
  );
  addSwitch(
    'enable',
    'let a user that was disabled do everything again; its keys work as before',
    true,
    'is enabled.',
  );

  user
    .command('delete')
    .description('delete a person for good: everything personal goes, the audit keeps ids')
    .addArgument(aUser())
    .addOption(yes())
    .addOption(json())
    .action(async (named: string, options: { readonly yes?: true } & Json) => {
      const { id, name, email } = await withRekey((useCases) => read(useCases, named));
      await confirmed(`Delete ${name} <${email}> for good?`, options);
      await withRekey(({ users }) =>
        users.deleteUser.execute(operator, { id }).catch((error: unknown) => {
          throw error instanceof NotFound ? new Error(`there is no user ${named}`) : error;
        }),
      );
      if (options.json) printJson({ id });
      else print(`${id} is deleted.`);
    });

  user
    .command('export')
    .description('print all that is kept about a person, as JSON')
    .addArgument(aUser())
    .addOption(json())
    .action((named: string) =>
      withRekey(async (useCases) => {
        const { id } = await userNamed(useCases, named);
        const exported = await useCases.users.exportUser.execute(operator, { id });
        for await (const part of userExportJson(exported)) process.stdout.write(part);
        process.stdout.write('\n');
      }),
    );

  user
    .command('recover')
    .description(
      'mail the owner of a locked account a link that opens it again, and voids the last one',
    )
    .addArgument(aUser())
    .addOption(json())
    .action(async (named: string, options: Json) => {
      const { id, email } = await withRekey(async (useCases) => {
        const found = await userNamed(useCases, named);
        await useCases.recovery.recoverUser.execute(operator, { id: found.id });
        return found;
      });
      if (options.json) printJson({ id });
      else print(`The way back to ${email} is mailed to the owner. The link works for a day.`);
    });

  addUserRoles(user);
  addUserInvite(user);
  addUserFactors(user, aUser);
}

const aUser = () => new Argument('<user>', 'e-mail address or id').argParser(userName);

/** The options that say what a user is like. */
function describing(command: Command): Command {
  const flag = (name: string, description: string) =>
    new Option(`${name} <boolean>`, description).choices(['true', 'false']);
  return command
    .addOption(
      new Option('--locale <tag>', 'the language of mails').argParser(checked(parseLocale)),
    )
    .addOption(
      new Option('--timezone <zone>', 'the clock of mails').argParser(checked(parseTimezone)),
    )
    .addOption(flag('--allow-reset', 'whether the owner may ask for a new password'))
    .addOption(flag('--require-update', 'whether the password must be changed first'))
    .addOption(
      new Option(
        '--attributes <json>',
        'what is kept with the user, by the service that made it: takes the place of all of it',
      ).argParser(attributesIn),
    );
}

function attributesIn(text: string): Attributes {
  try {
    return parseAttributes(JSON.parse(text));
  } catch (error) {
    const isRefused = error instanceof IllegalArgument;
    const reasons = isRefused ? error.violations.map(({ message }) => message) : ['must be JSON'];
    throw new InvalidArgumentError(`They ${reasons.join('; ')}.`);
  }
}

const asFlag = (flag: Flag | undefined) => (flag === undefined ? undefined : flag === 'true');

const givenOf = (options: UserOptions) => ({
  locale: options.locale,
  timezone: options.timezone,
  passwordAllowReset: asFlag(options.allowReset),
  passwordRequireUpdate: asFlag(options.requireUpdate),
  attributes: options.attributes,
});

async function find({ users }: UseCases, text: string, limit: number): Promise<SeenUser[]> {
  const list = async (by: object) =>
    (await users.listUsers.execute(operator, { limit, ...by })).users;
  if (isId(text.toLowerCase())) return list({ ids: [text.toLowerCase()] });
  const exact = canonicalEmail(text) === null ? [] : await list({ emails: [text] });
  return exact.length > 0 ? exact : list({ search: text });
}

async function read(useCases: UseCases, named: string): Promise<SeenUser> {
  const { id } = await userNamed(useCases, named);
  return useCases.users.readUser.execute(operator, { id });
}

type Change = Omit<Parameters<UseCases['users']['updateUser']['execute']>[1], 'id'>;

const change = (named: string, given: Change): Promise<SeenUser> =>
  withRekey(async (useCases) => {
    const { id } = await userNamed(useCases, named);
    return useCases.users.updateUser.execute(operator, { id, ...given });
  });

/** With the names that `/v1/user` has for it, and what an operator wants to know besides. */
const userOut = ({ isAdmin, ...user }: SeenUser) => ({
  ...onWire(user),
  roles: rolesOf({ isAdmin }),
});

function show(user: SeenUser, options: Json): void {
  if (options.json) printJson({ user: userOut(user) });
  else {
    const facts = Object.entries(userOut(user)).map(([name, value]) => [name, shown(value)]);
    print(...table(facts));
  }
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);

function row({ id, isEnabled, isLocked, lastLoginAt, email, name }: SeenUser): string[] {
  const state = isLocked ? 'locked' : isEnabled ? 'enabled' : 'disabled';
  const at = lastLoginAt === null ? 'never' : new Date(lastLoginAt).toISOString();
  return [id, state, at, email, name];
}
