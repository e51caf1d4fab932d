import type {
  AuditAction,
  AuditChain,
  AuditEntry,
  Credential,
  Id,
  Instant,
  Key,
  Origin,
  PasswordChange,
  PasswordPolicy,
  PasswordQuality,
  Service,
  Session,
  Tally,
  User,
} from '@rekey/domain';

/** The one door to the stores. Nothing slow goes through it: no hashing, no mail, no network. */
export interface Database {
  /**
   * Runs `work` in one transaction: commits what it did when it returns, and undoes all of it when it throws.
   * Where two transactions are in each other's way, one is undone and its `work` runs again: it must change nothing
   * but the stores. Nesting, and a promise of `work` that outlives it, are errors.
   * Throws `Unavailable` where the database does not answer.
   */
  transact<T>(work: (stores: Stores) => Promise<T>, options?: TransactOptions): Promise<T>;
  /** The same without a transaction, for lone reads. */
  read<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
}

export type TransactOptions = {
  /**
   * A loss of power may undo what it did, until another transaction commits that is not lazy.
   * For what is worth nothing unless that one commits.
   */
  readonly isLazy?: boolean;
};

export type Stores = {
  readonly services: Services;
  readonly users: Users;
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly changes: PasswordChanges;
  readonly outbox: Outbox;
  readonly throttles: Throttles;
  readonly audit: Audit;
};

export interface Services {
  /** Adds a service; answers false, and changes nothing, where the id is taken. */
  insert(service: Service): Promise<boolean>;
  get(id: Id): Promise<Service | null>;
  /** The ids of all services. */
  ids(): Promise<Id[]>;
}

export interface Users {
  /** Adds a user; answers false, and changes nothing, where the e-mail address is taken. */
  insert(user: User, passwordHash: string | null): Promise<boolean>;
  get(id: Id): Promise<User | null>;
  /** Whether there are any. */
  exist(): Promise<boolean>;
  /** Finds by canonical address. */
  findByEmail(email: string): Promise<{ user: User; credential: Credential } | null>;
  /**
   * Sets a new password, ends the duty to update it and raises the version,
   * only if the user is enabled and still at `version`; answers whether it did.
   */
  changePassword(id: Id, version: number, passwordHash: string, now: Instant): Promise<boolean>;
  /** Stores the same password hashed anew, only if the hash is still `oldHash`; the version stays. */
  upgradeHash(id: Id, oldHash: string, newHash: string): Promise<boolean>;
  /** Keeps what was found out about the password, whatever else happens to the user. */
  keepQuality(id: Id, sealed: string): Promise<void>;
  /** Finds a user, and keeps every change of it out until the transaction ends. */
  hold(id: Id): Promise<{ user: User; credential: Credential } | null>;
  /** Disables the user, forgets the password and raises the version. */
  shut(id: Id, now: Instant): Promise<void>;
}

export interface Keys {
  /**
   * Adds a key; answers false, and changes nothing, where it would be the second
   * usable TOKEN key of a user at a service.
   */
  insert(key: Key, secret: KeySecret): Promise<boolean>;
  get(id: Id): Promise<Key | null>;
  /** Finds by digest, with the service and the user that the key is of. */
  findByDigest(
    digest: string,
  ): Promise<{ key: Key; service: Service | null; user: User | null } | null>;
  /** The usable TOKEN key of a user at a service. */
  findToken(userId: Id, serviceId: Id): Promise<Key | null>;
  /** Whether the service has a key of the user, in whatever state. */
  linksUser(userId: Id, serviceId: Id): Promise<boolean>;
  /** Disables and revokes a key, only if it is not revoked; answers whether it did. */
  revoke(id: Id, now: Instant): Promise<boolean>;
  /** Disables and revokes every key of the user, for all services. */
  revokeAllOf(userId: Id, now: Instant): Promise<void>;
  /** The newest usable TOTP key of a user at a service, with its sealed seed. */
  findTotp(userId: Id, serviceId: Id): Promise<{ id: Id; sealed: string } | null>;
  /** Spends a step of time, only if the key is usable and this step and all later ones are unspent; answers whether it did. */
  spendTotpStep(id: Id, step: number): Promise<boolean>;
}

/** What is kept of a key's value: a digest to find it by, or the value sealed where it must be read again (TOTP). */
export type KeySecret = { readonly digest: string } | { readonly sealed: string };

export interface Sessions {
  insert(session: Session): Promise<void>;
  /** Finds a session that has not ended, with its user and the key that it rests on. */
  findOpen(id: Id): Promise<{ session: Session; user: User; key: Key } | null>;
  /** Ends a session; one that has ended stays as it is. */
  end(id: Id, now: Instant): Promise<void>;
  /** Ends every open session of the user, but for the one with the id `except`. */
  endAllOf(userId: Id, now: Instant, except?: Id): Promise<void>;
  /** Ends every open session of the user that rests on the key. */
  endAllOn(key: { readonly id: Id; readonly userId: Id }, now: Instant): Promise<void>;
  /** Adds a refresh token, kept as its digest. */
  insertRefresh(token: {
    digest: string;
    sessionId: Id;
    createdAt: Instant;
    expiresAt: Instant;
  }): Promise<void>;
  findRefresh(
    digest: string,
  ): Promise<{ sessionId: Id; expiresAt: Instant; isSpent: boolean } | null>;
  /** Spends a refresh token, only if it is unspent; answers whether it did. */
  spendRefresh(digest: string, now: Instant): Promise<boolean>;
  /**
   * Deletes up to `limit` sessions that ended, or else expired, before the instant, and up to as many of their
   * refresh tokens, which go first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}

export interface PasswordChanges {
  insert(change: PasswordChange): Promise<void>;
  get(id: Id): Promise<PasswordChange | null>;
  /** Finds a change whose right to revoke is unspent and has not expired at `now`. */
  findRevocable(id: Id, now: Instant): Promise<PasswordChange | null>;
  /**
   * Spends the right to revoke together with every other of its user, so that two links pressed at once do not lock
   * each other out; only if it is unspent and has not expired at `now`. Answers whether it did.
   */
  spend(id: Id, now: Instant): Promise<boolean>;
  /** Spends every unspent right of the user. */
  spendAllOf(userId: Id, now: Instant): Promise<void>;
  /** When the user's `n`th latest change was made; null where there are fewer. */
  nthLatest(userId: Id, n: number): Promise<Instant | null>;
  /**
   * Deletes up to `limit` changes whose link expired before the instant and whose mail was sent or given up,
   * and up to as many of their mails, which go first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}

/** The mails that committed changes owe. A mail is identified by its change. */
export interface Outbox {
  /** Owes a mail, due at once. */
  add(changeId: Id, now: Instant): Promise<void>;
  /** Whether a mail is due: neither sent nor buried, not put off, not leased. */
  hasDue(now: Instant): Promise<boolean>;
  /** Leases up to `limit` due mails, the longest due first: nobody else gets them before `until`. */
  claim(now: Instant, until: Instant, limit: number): Promise<Claim[]>;
  /** Makes due at once whatever is put off, or leased, beyond an instant; answers how many mails that were. */
  recall(beyond: Instant, now: Instant): Promise<number>;
  /** These three close a claim; they answer false, and change nothing, where somebody else claimed the mail since. */
  markSent(claim: Claim, now: Instant): Promise<boolean>;
  /** Puts the mail off until `at`. */
  putOff(claim: Claim, at: Instant, reason: string): Promise<boolean>;
  /** Gives the mail up: a dead letter, kept until somebody requeues it. */
  bury(claim: Claim, now: Instant, reason: string): Promise<boolean>;
  /** Up to `limit` mails in that state, or in any: those of the latest changes first. */
  list(state: MailState | null, limit: number): Promise<OutboxMail[]>;
  /** How many mails wait and how many are dead, and since when the first of those that wait is owed, and due. */
  backlog(): Promise<Backlog>;
  /** Makes a dead letter due at once, only if its link is good at `now`; answers whether it did. */
  requeue(changeId: Id, now: Instant): Promise<boolean>;
  /** The same for up to `limit` letters that were dead by `now`; answers which ones. */
  requeueDead(now: Instant, limit: number): Promise<Id[]>;
}

export const mailStates = ['waiting', 'sent', 'dead'] as const;
/** `dead`: given up, and kept until somebody requeues it. */
export type MailState = (typeof mailStates)[number];

/** A mail as an operator sees it: whose it is and what became of it, without what it says. */
export type OutboxMail = {
  readonly changeId: Id;
  readonly state: MailState;
  readonly email: string;
  readonly createdAt: Instant;
  readonly attempts: number;
  /** When it is, or was, due. */
  readonly dueAt: Instant;
  /** When it was sent or given up. */
  readonly closedAt: Instant | null;
  /** Why the last attempt that failed did. */
  readonly reason: string | null;
  readonly linkExpiresAt: Instant;
};

/** Both instants are null where no mail waits. */
export type Backlog = {
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest change was made whose mail waits. */
  readonly oldestAt: Instant | null;
  /** When the first of them is, or was, due: one that is leased or put off is due later. */
  readonly firstDueAt: Instant | null;
};

export type Claim = {
  readonly changeId: Id;
  /** How often the mail was claimed, this time included. */
  readonly attempt: number;
};

/** How often things were tried, under keys that do not say what. */
export interface Throttles {
  /** The tally under a key; `noTries` where there is none. */
  get(key: string): Promise<Tally>;
  /** The same for several keys, in their order, and keeps every change of them out until the transaction ends. */
  hold(keys: readonly string[]): Promise<Tally[]>;
  /** Replaces tallies; each may be forgotten at its `forgetAt`. */
  put(tallies: readonly StoredTally[]): Promise<void>;
  /** Deletes up to `limit` tallies that may be forgotten at `now`; answers how many that were. */
  prune(now: Instant, limit: number): Promise<number>;
}

export type StoredTally = {
  readonly key: string;
  readonly tally: Tally;
  readonly forgetAt: Instant;
};

/** What happened, in chains: one for each service, and one for the operator, whose id is null. Nothing in them is ever changed. */
export interface Audit {
  /**
   * Where a chain begins and ends, an empty one where nothing was appended yet; every other append to it is kept out
   * until the transaction ends. To be the last thing that a transaction holds.
   */
  hold(serviceId: Id | null): Promise<AuditChain>;
  /** Adds an entry, and replaces where its chain ends. */
  append(entry: AuditEntry, chain: AuditChain): Promise<void>;
  get(id: Id): Promise<AuditEntry | null>;
  /** Up to `limit` entries that the filter lets through, the latest first. */
  list(filter: AuditFilter, limit: number): Promise<AuditEntry[]>;
  /** Whose chains there are. */
  owners(): Promise<(Id | null)[]>;
  /** Where a chain begins and ends; null where nothing was appended yet. */
  chain(serviceId: Id | null): Promise<AuditChain | null>;
  /** Up to `limit` entries of a chain in order, from the one after that sequence. */
  follow(serviceId: Id | null, sequence: number, limit: number): Promise<AuditEntry[]>;
  /** Replaces where a chain begins, and deletes the entries before that. */
  prune(chain: AuditChain): Promise<void>;
}

export type AuditFilter = {
  /** Undefined for all chains. */
  readonly serviceId?: Id | undefined;
  readonly userId?: Id | undefined;
  readonly action?: AuditAction | undefined;
  readonly from: Instant;
  /** Only entries that come after this place in a list. */
  readonly before: AuditPlace;
};

/** A place in a list of entries, which goes by time, and by id within a millisecond. */
export type AuditPlace = Pick<AuditEntry, 'createdAt' | 'id'>;

export interface Hasher {
  /** Throws `Overloaded` where a hash would be turned away now, so that nothing is done for one in vain. */
  admit(): void;
  /** The form in which a normalized password is stored, a different one each time. Throws `Overloaded` when too many wait. */
  hash(password: string): Promise<string>;
  /** Whether the password has this hash. Null, and what is no hash, cost as much as a hash and are never right. */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** Whether the hash was made by `hash` with its current settings. */
  isCurrent(hash: string): boolean;
}

/** Judges passwords; it keeps nothing of them. */
export interface PasswordMeter {
  /** `context`: words that an attacker would try first. */
  assess(password: string, context: readonly string[]): Promise<PasswordQuality>;
}

/** A list of passwords known from breaches that somebody else keeps. It learns nothing of a password that tells which one it is. */
export interface BreachList {
  /** Whether the password is on the list; null where that cannot be found out in time. Never throws. */
  has(password: string): Promise<boolean | null>;
}

export interface Secrets {
  /** 32 random bytes as base64url text after the prefix. */
  generate(prefix: string): string;
  /** 20 random bytes in base32 (RFC 4226, 4; RFC 4648, 6): the seed of a TOTP key. */
  generateTotpSeed(): string;
  /** A one-way digest; the same for the same secret. */
  digest(secret: string): string;
  /** Encrypts with a secret that the database does not have; a different text each time. */
  seal(secret: string): string;
  /** The secret that was sealed; throws for anything else. */
  unseal(sealed: string): string;
}

/** MACs with a secret that the database does not have: whoever has only that can make none. */
export interface Macs {
  /** The MAC of a text. */
  make(text: string): string;
  /** Whether the MAC was made here for that text. */
  verify(text: string, mac: string): boolean;
}

export type AccessGrant = { readonly sessionId: Id; readonly userId: Id; readonly serviceId: Id };

export interface AccessTokens {
  /** A signed token for the grant, or the same encrypted besides. It expires on a whole second. */
  issue(
    grant: AccessGrant,
    form: 'signed' | 'encrypted',
  ): Promise<{ token: string; expiresAt: Instant }>;
  /** The grant of a token in either form, and when it expires; null for what was not issued here or has expired. */
  verify(token: string): Promise<(AccessGrant & { readonly expiresAt: Instant }) | null>;
}

/** One-time codes by the clock (RFC 6238): SHA-1, six digits, a new code with each step of 30 seconds. */
export interface Totp {
  /** The step that a code is of, the current one or one on either side; null for a code of none, the latest for one of several. */
  stepOf(code: string, seed: string, now: Instant): number | null;
}

/** Revoke tokens are never stored: they are made when a mail is sent, from a secret that the database does not have. */
export interface RevokeTokens {
  /** The id of the secret that new changes are to be signed with. */
  currentKeyId(): string;
  /** The token of a change: the same each time. Throws where the secret of that id is gone. */
  make(change: { readonly id: Id; readonly revokeKeyId: string }): string;
  /** The id of the change that a token was made for; null for anything else. */
  verify(token: string): Id | null;
}

export interface Mailer {
  /**
   * Hands the mail over for its one recipient, or throws a `MailFailure`. Where a mail that is handed over twice
   * is two mails, it waits for `turn` right before the step after which it may have been accepted: for as long
   * as the others can be expected to take, and no longer.
   */
  send(mail: PasswordChangedMail, turn?: () => Promise<void>): Promise<void>;
}

export type PasswordChangedMail = {
  /** Stays the same however often the mail is sent. */
  readonly messageId: Id;
  readonly to: { readonly name: string; readonly address: string };
  readonly locale: string;
  readonly timezone: string;
  readonly service: { readonly name: string; readonly emailText: string | null };
  readonly changedAt: Instant;
  readonly origin: Origin;
  readonly link: string;
  readonly linkExpiresAt: Instant;
};

/** The mail was not handed over. The message names no person and no secret: it is stored and shown. */
export class MailFailure extends Error {
  /** Whether trying again is of no use: an unknown mailbox, for one. */
  readonly isPermanent: boolean;

  constructor(message: string, isPermanent: boolean, options?: { cause?: unknown }) {
    super(message, options);
    this.isPermanent = isPermanent;
  }
}

export interface Clock {
  now(): Instant;
}

export interface Ids {
  /** A new UUID, version 7. */
  next(): Id;
}

export type Settings = {
  readonly passwordPolicy: PasswordPolicy;
  /** Seconds. */
  readonly refreshTokenTtl: number;
  /** Seconds. */
  readonly revokeTokenTtl: number;
  /** Base of links to pages that Rekey itself hosts, without a slash at its end. */
  readonly publicUrl: string;
  /** What people know this server by, and so the built-in service. */
  readonly brandName: string;
  readonly throttle: {
    /** Failed tries that an account has before waits begin. */
    readonly accountFree: number;
    /** Failed tries that a client has in a minute. */
    readonly clientPerMinute: number;
    /** Password changes that an account has in an hour, for each is a mail to its owner. */
    readonly changesPerHour: number;
  };
};

/** All that a use case can need; each says which part of it. */
export type Ports = {
  readonly database: Database;
  readonly hasher: Hasher;
  readonly meter: PasswordMeter;
  /** Null where there is none to ask. */
  readonly breachList: BreachList | null;
  readonly secrets: Secrets;
  readonly macs: Macs;
  readonly accessTokens: AccessTokens;
  readonly totp: Totp;
  readonly revokeTokens: RevokeTokens;
  readonly mailer: Mailer;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
};
