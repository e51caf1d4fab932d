import type { Account, Id, Instant, User } from '@rekey/domain';

export interface Users {
  /**
   * Adds a user; answers false, and changes nothing, where the e-mail address is taken. `idleSince`: for an account that
   * is deleted if nobody uses it.
   */
  insert(user: User, passwordHash: string | null, idleSince?: Instant | null): Promise<boolean>;
  get(id: Id): Promise<User | null>;
  /** Whether there are any. */
  exist(): Promise<boolean>;
  /** Finds by canonical address. */
  findByEmail(email: string): Promise<Account | null>;
  /**
   * Sets a new password, ends the duty to update it and raises the version,
   * only if the user is enabled and still at `version`; answers whether it did.
   */
  changePassword(id: Id, version: number, passwordHash: string, now: Instant): Promise<boolean>;
  /** Stores another hash of the password, only if the hash is still `oldHash`; the version stays. */
  upgradeHash(id: Id, oldHash: string, newHash: string): Promise<boolean>;
  /** Keeps the sealed quality of the password, whatever else happens to the user. */
  keepQuality(id: Id, sealed: string): Promise<void>;
  /** Finds a user, and locks the row: every other change of it waits until the transaction ends. */
  lock(id: Id): Promise<Account | null>;
  /** The kill switch: marks the user as locked, disables it, forgets the password, and raises the version and the device epoch. */
  lockOut(id: Id, now: Instant): Promise<void>;
  /**
   * Up to `limit` accounts that are idle since before the instant, as far as was written down, the longest idle first.
   * Locks them like `lock`, and passes over those that others have locked.
   */
  lockIdle(before: Instant, limit: number): Promise<Id[]>;
  /** The latest use of an account that exists, as far as it is known. */
  useOf(id: Id): Promise<AccountUse>;
  /** Writes down since when an account is idle; null for one that is not deleted if nobody uses it. */
  setIdle(id: Id, since: Instant | null): Promise<void>;
  /** Deletes a user with its keys, sessions, refresh tokens, one-time tokens and deliveries. */
  delete(id: Id): Promise<void>;
}

export type AccountUse = {
  /** The latest of its last change, and the ends of its sessions: one that goes on ends when it expires. */
  readonly lastAt: Instant;
  /** When the last of the one-time tokens expires that are unspent; null where there is none. */
  readonly linkUntil: Instant | null;
  /** Whether another service than the one that made it has a key of it, in whatever state. */
  readonly isShared: boolean;
};
