import type { Account, Id, Instant, User } from '@rekey/domain';

export interface Users {
  /** Adds a user; answers false, and changes nothing, where the e-mail address is taken. */
  insert(user: User, passwordHash: string | null): Promise<boolean>;
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
}
