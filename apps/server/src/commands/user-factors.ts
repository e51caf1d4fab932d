import { NotFound, operator } from '@rekey/domain';
import type { Argument, Command } from 'commander';
import { confirmed, json, print, printJson, withRekey, yes } from './common.ts';
import { userNamed } from './named.ts';

type Json = { readonly json?: true };

const timeOf = (at: number | null): string => (at === null ? 'never' : new Date(at).toISOString());

/** What an operator sees of second factors, and does for somebody who lost one. */
export function addUserFactors(user: Command, aUser: () => Argument): void {
  user
    .command('factors')
    .description('show which second factors a user has, without any secret')
    .addArgument(aUser())
    .addOption(json())
    .action(async (named: string, options: Json) => {
      const { totp, recoveryCodes, demands, providerLinks } = await withRekey(async (useCases) => {
        const { id } = await userNamed(useCases, named);
        return useCases.factors.readFactors.execute(operator, { userId: id });
      });
      if (options.json) {
        return printJson({
          totp: totp && {
            id: totp.id,
            created_at: timeOf(totp.createdAt),
            last_used_at: totp.lastUsedAt === null ? null : timeOf(totp.lastUsedAt),
          },
          recovery_codes: recoveryCodes,
          providers: providerLinks.map(({ id, provider, createdAt, lastUsedAt }) => ({
            id,
            provider,
            created_at: timeOf(createdAt),
            last_used_at: lastUsedAt === null ? null : timeOf(lastUsedAt),
          })),
          required_at_password: demands.atPassword,
          required_at_provider: demands.atProvider,
        });
      }
      for (const { provider, createdAt, lastUsedAt } of providerLinks) {
        print(`${provider} since ${timeOf(createdAt)}, used last ${timeOf(lastUsedAt)}`);
      }
      if (totp === null) return print('no one-time codes');
      print(`one-time codes since ${timeOf(totp.createdAt)}, used last ${timeOf(totp.lastUsedAt)}`);
      print(`${recoveryCodes} recovery codes are left`);
      const asked = [
        ...(demands.atPassword ? ['the password'] : []),
        ...(demands.atProvider ? ['a provider'] : []),
      ];
      print(`asked for at logins with ${asked.join(' and ') || 'nothing'}`);
    });

  user
    .command('remove-factor')
    .description('take the one-time codes from a user who lost the device; the owner is mailed')
    .addArgument(aUser())
    .addOption(yes())
    .addOption(json())
    .action(async (named: string, options: { readonly yes?: true } & Json) => {
      const { id, email } = await withRekey((useCases) => userNamed(useCases, named));
      await confirmed(`Take the one-time codes from ${email}?`, options);
      await withRekey(({ factors }) =>
        factors.removeFactor.execute(operator, { userId: id }).catch((error: unknown) => {
          throw error instanceof NotFound ? new Error(`${email} has no one-time codes`) : error;
        }),
      );
      if (options.json) printJson({ id });
      else print(`${email} has no one-time codes any more, and is mailed of it.`);
    });
}
