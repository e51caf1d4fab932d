import type { FactorKind } from './factor.ts';
import type { Id, Instant } from './ids.ts';
import type { Key } from './key.ts';
import type { Origin } from './origin.ts';

/** What holds for the links of a purpose. */
type PurposeRule = {
  /** Whether the link is a kill switch: pressed, it locks the account. */
  readonly locks: boolean;
  /** Which setting says how long the link works: `recover` is a day, the others are configured. */
  readonly life: 'revoke' | 'reset' | 'register' | 'recover';
};

/** Everything that a mailed link may be for: the `type` of the link. */
export const purposeRules = {
  /** The password was changed. */
  update_password: { locks: true, life: 'revoke' },
  /** A factor was added or removed, or a KEY was made for the user. */
  factor_change: { locks: true, life: 'revoke' },
  /** Somebody asks to register with an address. */
  register: { locks: false, life: 'register' },
  /** The account was made by the link of a registration. */
  register_confirm: { locks: true, life: 'revoke' },
  /** Somebody asks to reset the password. */
  reset_password: { locks: false, life: 'reset' },
  /** The password was set by a mailed link. */
  reset_password_confirm: { locks: true, life: 'revoke' },
  /** The address was changed: mailed to the address from before, which the account gets back. */
  update_email: { locks: true, life: 'revoke' },
  /** An address waits to be proven. It works again and again, and its page can lock the account. */
  validate_email: { locks: false, life: 'revoke' },
  /** An account was made for somebody, who is to choose its password. */
  invite: { locks: false, life: 'revoke' },
  /** A login from a device and a network that are new to the account. */
  new_device: { locks: true, life: 'revoke' },
  /** An account that was locked by its owner is given back. */
  recover: { locks: false, life: 'recover' },
  /** A KEY is about to expire. There is nothing to press. */
  key_expiring: { locks: false, life: 'revoke' },
  /** The account was deleted. There is nothing to press. */
  account_deleted: { locks: false, life: 'revoke' },
} as const satisfies Record<string, PurposeRule>;

export type Purpose = keyof typeof purposeRules;
export const purposes = Object.keys(purposeRules) as [Purpose, ...Purpose[]];

/** Those whose links lock the account. */
export const lockPurposes: readonly Purpose[] = purposes.filter(
  (purpose) => purposeRules[purpose].locks,
);

/** Those whose links set the password of an account that is open. They end with whatever closes it. */
export const passwordPurposes = ['reset_password', 'invite'] as const satisfies readonly Purpose[];

/** Those that report a change of what gets somebody into an account. */
export const changePurposes: readonly Purpose[] = [
  'update_password',
  'reset_password_confirm',
  'update_email',
  'factor_change',
];

/** A right that is mailed and spent once: to the owner of an account, or to an address that has none yet. */
export type OneTimeToken<Owner extends Id | null = Id> = {
  readonly id: Id;
  readonly purpose: Purpose;
  /** Null for a registration. */
  readonly userId: Owner;
  readonly serviceId: Id;
  /** The address that the user had when it happened: the mail goes there, whatever happens later. */
  readonly email: string;
  /** Where the request came from that the mail is about. */
  readonly origin: Origin;
  /** The secret of the key file that the link is made with. */
  readonly keyId: string;
  readonly createdAt: Instant;
  /** Until when the link works. */
  readonly expiresAt: Instant;
  /** Of the credential that the right may replace, which must not have changed since; null for other rights. */
  readonly version: number | null;
  readonly details: RightDetails | null;
};

/** A key as its owner knows it. */
export type NamedKey = Pick<Key, 'name' | 'prefix' | 'expiresAt'>;

/** A factor of an account that was added or removed. */
export type FactorChange = { readonly kind: FactorKind; readonly change: 'added' | 'removed' };

/**
 * What a right says besides, where its purpose needs it: the new address, the key, the factor, or the
 * account that is asked for.
 */
export type RightDetails =
  | { readonly key: NamedKey }
  | { readonly factor: FactorChange }
  | {
      readonly newEmail: string;
      /** Whether somebody vouched for the address from before, see `isProven`. */
      readonly wasProven?: boolean;
    }
  | { readonly name: string; readonly locale: string; readonly timezone: string };

/** What a right says of a key that it is about. */
export const keyDetails = ({ name, prefix, expiresAt }: Key): RightDetails => ({
  key: { name, prefix, expiresAt },
});

/** The key that a right is about; null for any other right. */
export const keyIn = (details: RightDetails | null): NamedKey | null =>
  details !== null && 'key' in details ? details.key : null;

/** The change of a factor that a right is about; null for any other right. */
export const factorIn = (details: RightDetails | null): FactorChange | null =>
  details !== null && 'factor' in details ? details.factor : null;
