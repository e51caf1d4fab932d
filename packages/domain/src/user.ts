import type { Id, Instant } from './ids.ts';
import { formServiceId } from './service.ts';

/** The owner of an account. */
export type User = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  /** Whether the owner locked the account with the link of a mail. */
  readonly isLocked: boolean;
  readonly name: string;
  /** In its canonical form, see `parseEmail`. */
  readonly email: string;
  /** A BCP 47 language tag. */
  readonly locale: string;
  /** A name of the IANA time zone database. */
  readonly timezone: string;
  readonly passwordAllowReset: boolean;
  readonly passwordRequireUpdate: boolean;
  /** The service that made the user; null for a root key. */
  readonly createdBy: Id | null;
};

/**
 * Whether somebody vouches for it that the address of an account is its owner's: the service or operator that made the
 * account. Nobody does for who signed up alone.
 */
export const isProven = ({ createdBy }: Pick<User, 'createdBy'>): boolean =>
  createdBy !== formServiceId;

/** The secret side of a user. It never leaves the use cases. */
export type Credential = {
  /** As the hasher wrote it; null where the user has no password. */
  readonly passwordHash: string | null;
  /** Raised by each change of the password and by the lock: a proof holds only for the version it was made with. */
  readonly version: number;
  /** How good the password of some version is, sealed by the login that judged it; null where none did. */
  readonly sealedQuality: string | null;
  /** Raised by the lock: devices that were known before are not any more. */
  readonly deviceEpoch: number;
};

/** A user together with its credential. */
export type Account = { readonly user: User; readonly credential: Credential };
