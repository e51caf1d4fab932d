import type {
  Account,
  Attributes,
  Id,
  Instant,
  SecondFactors,
  SeenUser,
  User,
  UserPage,
} from '@rekey/domain';

export interface Users {
  /**
   * Adds a user, whom the service that made it sees; answers false, and changes nothing, where the e-mail address is
   * taken. `idleSince`: for an account that is deleted if nobody uses it.
   */
  insert(user: User, passwordHash: string | null, idleSince?: Instant | null): Promise<boolean>;
  get(id: Id): Promise<User | null>;
  /**
   * Finds a user as a service sees it; null stands for the operator, who sees every user, with the attributes of the
   * service that made it. `isVisible`: whether the service made the user, or has a KEY or TOKEN key of it, in
   * whatever state.
   */
  see(
    id: Id,
    by: Id | null,
  ): Promise<{ readonly user: SeenUser; readonly isVisible: boolean } | null>;
  /** A page of the users that fit all parts of a query. */
  list(query: UserQuery): Promise<SeenUser[]>;
  /** Whether there is a user with that id, which is not deleted then until the transaction ends. */
  isThere(id: Id): Promise<boolean>;
  /** Whether there are any. */
  exist(): Promise<boolean>;
  /** Finds by canonical address. */
  findByEmail(email: string): Promise<Account | null>;
  /**
   * Sets a new password, ends the duty to update it and raises the version,
   * only if the user is enabled and still at `version`; answers whether it did. The password that it replaces is one of
   * the past then.
   */
  changePassword(id: Id, version: number, passwordHash: string, now: Instant): Promise<boolean>;
  /**
   * Makes the account of a user that is locked as good as new, for whoever proved the address: with that profile and maker,
   * no role, a proven address, and that password at a raised version. What services kept with it, its past passwords, known
   * devices and networks, and the sight of services that have no key of it, and did not make it, are gone.
   */
  remake(user: User, passwordHash: string | null): Promise<void>;
  /** The hashes of passwords that were replaced, or forgotten by a lock: up to `limit` of them from one end. */
  pastPasswords(id: Id, which: PastPasswords): Promise<string[]>;
  /**
   * Forgets passwords that were replaced before the instant, of up to `limit` of them those that are not among the
   * `history` latest of their user. Passes over users that are locked. Answers how many of those there were, forgotten or
   * kept for the history.
   */
  prunePastPasswords(before: Instant, history: number, limit: number): Promise<number>;
  /** Stores another hash of the password, only if the hash is still `oldHash`; the version stays. */
  upgradeHash(id: Id, oldHash: string, newHash: string): Promise<boolean>;
  /** Keeps the sealed quality of the password, whatever else happens to the user. */
  keepQuality(id: Id, sealed: string): Promise<void>;
  /** Replaces the networks that a user, which is locked, is known to log in from. */
  keepNetworks(id: Id, networks: string): Promise<void>;
  /** Finds a user, and locks the row: every other change of it waits until the transaction ends. */
  lock(id: Id): Promise<Account | null>;
  /** Locks like `lock`, and writes down a login. Answers the account as it is then, with the attributes of the service. */
  noteLogin(
    id: Id,
    now: Instant,
    serviceId: Id,
  ): Promise<(Account & { readonly user: SeenUser }) | null>;
  /** Changes the name, flags, locale and zone of a user that is locked to what they are here. */
  update(user: User): Promise<void>;
  /**
   * Writes down that the address is valid, and whether that is a proof: one that was there stays, and an account that has
   * one is not deleted if nobody uses it.
   */
  markValid(id: Id, isProven: boolean, now: Instant): Promise<void>;
  /** Replaces what a service keeps with a user that is locked, or the operator, see `see`. */
  setAttributes(id: Id, by: Id | null, attributes: Attributes): Promise<void>;
  /** What all services keep with a user; null is the operator. */
  attributesOf(
    id: Id,
  ): Promise<{ readonly serviceId: Id | null; readonly attributes: Attributes }[]>;
  /** Whether another service than that one has a key of the user that is not revoked. */
  isKeptBeside(id: Id, serviceId: Id): Promise<boolean>;
  /**
   * The kill switch: marks the user as locked, disables it, forgets the password, which is one of the past then, and
   * raises the version and the device epoch. Of a user that is locked already, the instant, the address of the way back
   * and whether it was enabled stay as the first lock found them.
   */
  lockOut(id: Id, now: Instant, by?: LockedBy): Promise<void>;
  /** The lock of a user; null for one that is not locked, or not there. */
  lockOf(id: Id): Promise<UserLock | null>;
  /** Makes a user that is locked stay disabled when the lock ends; answers whether it would not have. */
  keepDisabled(id: Id): Promise<boolean>;
  /**
   * Gives a user that is locked another address, which nobody answered a mail to yet; answers false, and changes nothing,
   * where another user has it.
   */
  changeEmail(id: Id, email: string, now: Instant): Promise<boolean>;
  /** Gives a user that is locked an address that it had, and that was proven; answers false where somebody else has it. */
  giveBackAddress(id: Id, email: string, now: Instant): Promise<boolean>;
  /**
   * Ends a lock, only if the user is locked and still at `version`, and nobody else has the address; answers whether it
   * did. The user is enabled as before the lock, unless an operator disabled it; it has the new password, need not change
   * it, and the proven address, and the version is raised.
   */
  unlock(id: Id, version: number, to: Unlocked): Promise<boolean>;
  /** Writes down which second factors a user, who is locked, has, and where a login takes one. */
  setFactors(id: Id, factors: SecondFactors, now: Instant): Promise<void>;
  /** Raises the device epoch: devices and networks that were known before are not any more. */
  forgetDevices(id: Id): Promise<void>;
  /** Gives the user the role `admin`, or takes it. */
  setAdmin(id: Id, isAdmin: boolean, now: Instant): Promise<void>;
  /** Finds all users with the role `admin`, by their ids, and locks their rows like `lock`. */
  lockAdmins(): Promise<User[]>;
  /**
   * Up to `limit` accounts that are idle since before the instant, as far as was written down, the longest idle first.
   * Locks them like `lock`, and passes over those that others have locked.
   */
  lockIdle(before: Instant, limit: number): Promise<Id[]>;
  /** The latest use of an account that exists, as far as it is known. */
  useOf(id: Id): Promise<AccountUse>;
  /** Writes down since when an account is idle; null for one that is not deleted if nobody uses it. */
  setIdle(id: Id, since: Instant | null): Promise<void>;
  /**
   * Deletes a user that is locked, with all that is there for it, and for registrations with its address. A delivery that waits stays until it is sent or given
   * up, and is given up at `owedUntil` at the latest. A right that was mailed stays until it expires, as one that is
   * spent and of nobody, see `OneTimeTokens.isOfDeleted`: only that of a delivery that waits keeps what the mail tells.
   */
  delete(id: Id, now: Instant, owedUntil: Instant): Promise<void>;
}

/** The link that locked an account; all of it is null where none did. */
export type LockedBy = {
  /** The service that the link was made for. */
  readonly serviceId: Id | null;
  /** The address that the way back leads to. */
  readonly recoverTo: string | null;
};

export const noLink: LockedBy = { serviceId: null, recoverTo: null };

export type UserLock = LockedBy & { readonly at: Instant };

export type Unlocked = {
  readonly passwordHash: string;
  readonly email: string;
  readonly now: Instant;
};

/** From the latest or from the earliest on, of those that were replaced since the instant. */
export type PastPasswords = {
  readonly from: 'latest' | 'earliest';
  readonly limit: number;
  readonly since?: Instant | undefined;
};

export type AccountUse = {
  /** The latest of its last change, and the ends of its sessions: one that goes on ends when it expires. */
  readonly lastAt: Instant;
  /** When the last of the one-time tokens expires that are unspent; null where there is none. */
  readonly linkUntil: Instant | null;
  /** Whether another service than the one that made it has a key of it, in whatever state. */
  readonly isShared: boolean;
};

/** Parts that are not set fit every user. */
export type UserQuery = {
  readonly page: UserPage;
  /** Only the users that this service sees; null for all users. */
  readonly seenBy: Id | null;
  /** The service whose attributes are in the answer, see `see`. */
  readonly attributesOf: Id | null;
  readonly ids?: readonly Id[] | undefined;
  /** In their canonical form. */
  readonly emails?: readonly string[] | undefined;
  readonly isEnabled?: boolean | undefined;
  /** The folded beginnings of a name and of an address: one of them fits. */
  readonly search?: { readonly name: string; readonly email: string } | undefined;
};
