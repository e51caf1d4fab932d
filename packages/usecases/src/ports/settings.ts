import type { LinkPages, PasswordPolicy } from '@rekey/domain';

export type Settings = LinkPages & {
  readonly passwordPolicy: PasswordPolicy;
  /** How many of the passwords before the current one may not come back. */
  readonly passwordHistory: number;
  readonly refreshTokenTtlMs: number;
  /** How long after its login a session ends, however often it is refreshed. */
  readonly sessionTtlMs: number;
  /** How long the links of mails work that tell the owner of an account what happened. */
  readonly revokeTokenTtlMs: number;
  /** How long a link works that sets a new password. */
  readonly resetTokenTtlMs: number;
  /** How long a link works that makes an account. */
  readonly registerTokenTtlMs: number;
  /** The place where people find help, where their service names none; null for none. */
  readonly supportUrl: string | null;
  /** The name that people know this server by, and so the built-in service. */
  readonly brandName: string;
  /** Whether strangers may sign up at the built-in service. */
  readonly usersSignup: boolean;
  /** Who starts the way back of an account of the built-in service that its owner locked. */
  readonly usersRecovery: 'owner' | 'operator';
  /** What a person of the built-in service shows to change the own address: a session, or the password as well. */
  readonly usersEmailChange: 'session' | 'password';
  /** Mails that people can start for whom nobody vouches, on all servers together. */
  readonly mailPerHour: number;
  /** How long an account is kept that nobody proved and nobody uses; null for ever. */
  readonly unprovenTtlMs: number | null;
  /** Readers that wait for events at a time, in this process: of one service, and of all. */
  readonly streams: { readonly perService: number; readonly total: number };
  readonly throttle: {
    /** Failed tries at an account from one network before waits begin. */
    readonly accountFree: number;
    /** Failed tries of a network at a service in a minute. */
    readonly clientPerMinute: number;
    /** Password changes that an account has in an hour, for each is a mail to its owner. */
    readonly changesPerHour: number;
  };
};
