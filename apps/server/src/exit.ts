import { IllegalArgument, type Violation } from '@rekey/domain';
import { CommanderError } from 'commander';
import { WrongUsage } from './commands/common.ts';

/** The exit code of a command line that is wrong wherever it is run: sysexits and most programs of this kind have it. */
const USAGE = 2;
const FAILURE = 1;

/** How a command ended that failed. */
export type Exit = {
  readonly code: number;
  /** Null where it was said already. */
  readonly reason: string | null;
};

export function exitOf(error: unknown): Exit {
  if (error instanceof CommanderError) {
    return { code: error.exitCode === 0 ? 0 : USAGE, reason: null };
  }
  if (error instanceof WrongUsage) return { code: USAGE, reason: error.message };
  if (error instanceof IllegalArgument) {
    const { violations } = error;
    return { code: codeOf(violations), reason: violations.map(reasonOf).join('; ') };
  }
  return { code: FAILURE, reason: error instanceof Error ? error.message : String(error) };
}

/** Reasons that lie in what is there: the line is not wrong, and may work on another day. */
const ofState: ReadonlySet<Violation['code']> = new Set([
  'unknown',
  'unusable',
  'exists',
  'not_allowed',
]);

const codeOf = (violations: readonly Violation[]): number =>
  violations.every(({ code }) => ofState.has(code)) ? FAILURE : USAGE;

/** What the command line calls the arguments of use cases, where that is another name. */
export const names: Readonly<Record<string, string>> = {
  email: 'address',
  serviceId: 'service',
  userId: 'user',
  scopes: 'option --scopes',
  type: 'option --type',
  expiresAt: 'option --expires-at',
  overlapS: 'option --overlap',
  attributes: 'option --attributes',
  locale: 'option --locale',
  timezone: 'option --timezone',
  passwordAllowReset: 'option --allow-reset',
  passwordRequireUpdate: 'option --require-update',
  providerLocalUrl: 'option --local-url',
  providerGithubOauth2Url: 'option --github-url',
  providerMicrosoftOauth2Url: 'option --microsoft-url',
  providerGoogleOauth2Url: 'option --google-url',
  supportUrl: 'option --support-url',
  userEmailText: 'option --email-text',
  userAllowRegister: 'option --allow-register',
  seesAllUsers: 'option --sees-all-users',
  ownerRecovery: 'option --owner-recovery',
  requireFactor: 'option --require-factor',
  newDeviceMail: 'option --new-device-mail',
};

const reasonOf = ({ field, message }: Violation): string =>
  `the ${names[field] ?? field} ${message}`;
