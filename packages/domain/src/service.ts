import type { Id, Instant } from './ids.ts';

/** Somebody's backend: it registers itself and acts for its users. */
export type Service = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** A service that is disabled can do nothing, and its users can do nothing at it. */
  readonly isEnabled: boolean;
  readonly name: string;
  readonly url: string;
  /** Whether people may register at the service by themselves; whatever it says, the service may create users. */
  readonly userAllowRegister: boolean;
  /** Text that mails of this service carry; empty for none. */
  readonly userEmailText: string;
  /** The page that links in mails lead to; null where Rekey hosts it. */
  readonly providerLocalUrl: string | null;
  /** The pages that sign-ins with a provider come back to. */
  readonly providerGithubOauth2Url: string | null;
  readonly providerMicrosoftOauth2Url: string | null;
  /** Whether the service lists, reads and changes all users, and not only those it knows. */
  readonly seesAllUsers: boolean;
  /** Whether owners open again by themselves the accounts that they locked. */
  readonly ownerRecovery: boolean;
  /** Whether a login at the service takes a second factor. */
  readonly requireFactor: boolean;
  /** Whether owners are mailed about a login from a new device. */
  readonly newDeviceMail: boolean;
  /** The place where people find help; null for that of the server. */
  readonly supportUrl: string | null;
};

/** The built-in service that owns the form dialect and the hosted pages. */
export const formServiceName = 'users';
export const formServiceId: Id = '00000000-0000-7000-8000-000000000001';

/** All that may be left out where a service is registered. */
export const serviceDefaults = {
  isEnabled: true,
  userAllowRegister: false,
  userEmailText: '',
  providerLocalUrl: null,
  providerGithubOauth2Url: null,
  providerMicrosoftOauth2Url: null,
  seesAllUsers: false,
  ownerRecovery: false,
  requireFactor: false,
  newDeviceMail: false,
  supportUrl: null,
} as const satisfies Partial<Service>;
