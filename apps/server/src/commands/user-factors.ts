import {
  type Id,
  IllegalArgument,
  isId,
  NotFound,
  operator,
  type Provider,
  parseAll,
  providers,
} from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import type { Argument, Command } from 'commander';
import { confirmed, json, onWire, print, printJson, table, withRekey, yes } from './common.ts';
import { userName, userNamed } from './named.ts';

type Json = { readonly json?: true };
type Seen = Awaited<ReturnType<UseCases['factors']['readFactors']['execute']>>;
type Factor = Parameters<UseCases['factors']['removeFactor']['execute']>[1]['factor'];

/** What an operator sees of second factors, and does for somebody who lost one. */
export function addUserFactors(user: Command, aUser: () => Argument): void {
  user
    .command('factors')
    .description('show which factors a user has, without any secret')
    .addArgument(aUser())
    .addOption(json())
    .action(async (named: string, options: Json) => {
      const seen = await withRekey(async (useCases) => {
        const { id } = await userNamed(useCases, named);
        return useCases.factors.readFactors.execute(operator, { userId: id });
      });
      if (options.json) printJson(factorsOut(seen));
      else show(seen);
    });

  user
    .command('remove-factor')
    .description('take a factor from a user who lost it; the owner is mailed')
    .argument('<user>', 'e-mail address or id')
    .argument(
      '<factor>',
      `totp, ${providers.join(', ')}, or the id of a passkey as \`user factors\` shows it`,
    )
    .addOption(yes())
    .addOption(json())
    .action(async (user: string, factor: string, options: { readonly yes?: true } & Json) => {
      // Both are read here, so that all that is wrong is told at once.
      const { named, removed } = parseAll({
        named: () => parseUser(user),
        removed: () => parseFactor(factor),
      });
      const { id, email } = await withRekey((useCases) => userNamed(useCases, named));
      const what = nameOf(removed);
      await confirmed(`Take ${what} from ${email}?`, options);
      await withRekey(({ factors }) =>
        factors.removeFactor
          .execute(operator, { userId: id, factor: removed })
          .catch((error: unknown) => {
            throw error instanceof NotFound ? new Error(`${email} does not have ${what}`) : error;
          }),
      );
      if (options.json) printJson({ id, factor: factor.toLowerCase() });
      else print(`${email} does not have ${what} any more, and is mailed of it.`);
    });
}

/** Throws `IllegalArgument` for what names no user. */
function parseUser(text: string): string {
  try {
    return userName(text);
  } catch {
    throw malformed('user', 'must be an e-mail address or an id');
  }
}

/** Throws `IllegalArgument` for what names no factor. */
function parseFactor(text: string): Factor {
  const lower = text.toLowerCase();
  if (isId(lower)) return { passkeyId: lower };
  if (lower === 'totp' || isProvider(lower)) return lower;
  throw malformed('factor', `must be totp, ${providers.join(', ')}, or the id of a passkey`);
}

const malformed = (field: string, message: string) =>
  new IllegalArgument([{ field, message, code: 'malformed' }]);

const isProvider = (text: string): text is Provider =>
  (providers as readonly string[]).includes(text);

const nameOf = (factor: Factor): string =>
  typeof factor === 'object'
    ? `the passkey ${factor.passkeyId}`
    : factor === 'totp'
      ? 'one-time codes'
      : `an account at ${factor}`;

/** Times are null where there is none. */
const factorsOut = ({ totp, passkeys, recoveryCodes, demands, providerLinks }: Seen) => ({
  totp: totp && onWire(totp),
  recovery_codes: recoveryCodes,
  passkeys: passkeys.map(onWire),
  providers: providerLinks.map(({ id, provider, createdAt, lastUsedAt }) =>
    onWire({ id, provider, createdAt, lastUsedAt }),
  ),
  required_at_password: demands.atPassword,
  required_at_provider: demands.atProvider,
});

type Dated = { readonly id: Id; readonly createdAt: number; readonly lastUsedAt: number | null };

function show({ totp, passkeys, recoveryCodes, demands, providerLinks }: Seen): void {
  const row = (factor: string, { id, createdAt, lastUsedAt }: Dated, name: string) => [
    factor,
    id,
    new Date(createdAt).toISOString(),
    lastUsedAt === null ? 'never' : new Date(lastUsedAt).toISOString(),
    name,
  ];
  const rows = [
    ...(totp === null ? [] : [row('totp', totp, `${recoveryCodes} recovery codes are left`)]),
    ...passkeys.map((each) => row('passkey', each, each.name)),
    ...providerLinks.map((each) => row(each.provider, each, '')),
  ];
  if (rows.length === 0) {
    print('There are none.');
    return;
  }
  print(...table(rows, ['FACTOR', 'ID', 'SINCE', 'LAST USED', 'NAME']));
  const asked = [
    ...(demands.atPassword ? ['the password'] : []),
    ...(demands.atProvider ? ['a provider'] : []),
  ];
  print('', `A second factor is asked for at logins with ${asked.join(' and ') || 'nothing'}.`);
}
