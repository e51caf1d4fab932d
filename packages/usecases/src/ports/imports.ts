import type { Attributes, Event, Id, Instant, Key, User } from '@rekey/domain';
import type { KeySecret } from './keys.ts';

/** What an import reads and writes: many rows with each call, for each call may be a trip over a network. */
export interface Imports {
  /** The users who have one of these ids, or one of these canonical addresses. */
  usersWith(ids: readonly Id[], emails: readonly string[]): Promise<Pick<User, 'id' | 'email'>[]>;
  /** Those of the addresses that the owner of an account can still take back, see `OneTimeTokens.isReserved`. */
  reserved(emails: readonly string[], now: Instant): Promise<string[]>;
  /** The keys that have one of these ids, or whose value, now or before a rotation, has one of these digests. */
  keysWith(
    ids: readonly Id[],
    digests: readonly string[],
  ): Promise<
    { readonly id: Id; readonly digest: string; readonly previousDigest: string | null }[]
  >;
  /** Adds users like `Users.insert`, whose ids and addresses are free. */
  insertUsers(users: readonly ImportedUser[]): Promise<void>;
  /** Adds keys like `Keys.insert`, whose ids and digests are free; none is a second usable one of its kind. */
  insertKeys(keys: readonly ImportedKey[]): Promise<void>;
  insertEvents(events: readonly Event[]): Promise<void>;
  /** The import of that source that did not come to its end; null where there is none. */
  unfinished(source: string): Promise<ImportState | null>;
  /** Writes down how far an import has come; another one of its source is forgotten. */
  keepState(state: ImportState): Promise<void>;
  /** Forgets the import of a source. */
  forget(source: string): Promise<void>;
}

export type ImportedUser = {
  readonly user: User;
  readonly passwordHash: string | null;
  readonly idleSince: Instant | null;
  /** What the service that made the user keeps with it, or the operator. */
  readonly attributes: Attributes;
};

export type ImportedKey = { readonly key: Key; readonly secret: KeySecret };

/** How far an import has come. */
export type ImportState = {
  readonly source: string;
  /** Of all that the source reads: another file has another one. */
  readonly fingerprint: string;
  /** The last line that is done. */
  readonly line: number;
  readonly counts: ImportCounts;
  readonly startedAt: Instant;
  readonly updatedAt: Instant;
};

export type ImportCounts = {
  readonly users: number;
  readonly services: number;
  readonly keys: number;
  readonly updated: number;
  readonly skipped: number;
  readonly refused: number;
};

/**
 * Names that the lines of a file claim, on the disk: memory does not grow with the file. It is gone when it is closed, and
 * when the process ends.
 */
export interface Ledger {
  /** Writes down that a line claims a name. Of several lines the one with the lowest rank has it, of equals the first. */
  claim(name: string, line: number, rank: number): void;
  /** The line that has the name; null for one that nobody claimed. */
  holder(name: string): number | null;
  close(): void;
}

export interface Ledgers {
  open(): Ledger;
}
