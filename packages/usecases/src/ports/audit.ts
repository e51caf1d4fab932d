import type {
  AuditChain,
  AuditEntry,
  AuditPlace,
  AuditSum,
  Id,
  Instant,
  PendingEntry,
} from '@rekey/domain';

/**
 * The record, in chains: one for each service, and one for the operator, whose id is null. No entry is ever changed, but
 * its text can be erased.
 */
export interface Audit {
  /** Adds entries, which are pending until they have their places: see `Pending`. Waits for nobody. */
  insert(entries: readonly PendingEntry[]): Promise<void>;
  /**
   * Adds entries in the order of their chains, and replaces where these chains end. Needs the turn of `Pending`. The previous
   * hash of an entry is the hash of the one before it, or that of the last one that was pruned: a store need not keep it.
   */
  append(entries: readonly AuditEntry[], chains: readonly AuditChain[]): Promise<void>;
  /** Where the chains of these owners begin and end; those to which nothing was appended yet are left out. */
  chains(owners: readonly (Id | null)[]): Promise<AuditChain[]>;
  get(id: Id): Promise<AuditEntry | null>;
  /** Like `get`, and locks the entry: nobody else amends it until the transaction ends. */
  lock(id: Id): Promise<AuditEntry | null>;
  /**
   * The places of up to `limit` entries that the filter lets through, in the order of the filter. Amendments are in no list
   * but one of their type.
   */
  list(filter: AuditFilter, limit: number): Promise<AuditPlace[]>;
  /** The entries with these ids, in any order. */
  getAll(ids: readonly Id[]): Promise<AuditEntry[]>;
  /** What was added to these entries: entries of the type `sso:AuditUpdate`, in the order of their chains. */
  amendments(ids: readonly Id[]): Promise<AuditEntry[]>;
  /**
   * Erases the texts, and their salts, of all entries about a user, and of all that a key of the user proved. Answers
   * these keys: those that are named in entries which are not about the user. Comes before the keys are deleted.
   */
  erase(userId: Id): Promise<Id[]>;
  /**
   * Erases what has got its place since about these users, and proven by these keys, for which texts were erased. What
   * their deletion says of itself stays.
   */
  eraseAgain(ids: readonly Id[]): Promise<void>;
  /** Of these users and keys, the ones for which the operator's chain says that texts were erased. */
  erased(ids: readonly Id[]): Promise<Id[]>;
  /** How many entries there are. */
  count(): Promise<number>;
  /** The owner of each chain: a service, or null for the operator. */
  owners(): Promise<(Id | null)[]>;
  /** Where a chain begins and ends; null where nothing was appended yet. */
  chain(serviceId: Id | null): Promise<AuditChain | null>;
  /** Up to `limit` entries of a chain in order, from the one after that sequence. */
  follow(serviceId: Id | null, sequence: number, limit: number): Promise<AuditEntry[]>;
  /** Replaces where a chain begins, and deletes the entries before that. Needs the turn of `Pending`. */
  prune(chain: AuditChain): Promise<void>;
  /** Up to `limit` keys by their ids, from the one after that id; all of them are after the empty text. */
  keys(after: Id | '', limit: number): Promise<AuditedKey[]>;
  /** Adds to the sum of that minute, chain, type and network. */
  addToSum(sum: AuditSum): Promise<void>;
  /**
   * Deletes up to `limit` sums, all of one minute that is over at `now`, one chain and one type, and answers them.
   * Another transaction that takes some at the same moment gets others.
   */
  takeSums(now: Instant, limit: number): Promise<AuditSum[]>;
}

/** Of each list any value fits; one that is not given lets everything through. */
export type AuditFilter = {
  /** The chains of these services; null for the operator's. Undefined for all chains: a filter by types alone names them. */
  readonly serviceIds?: readonly (Id | null)[] | undefined;
  readonly ids?: readonly Id[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly userIds?: readonly Id[] | undefined;
  /** Entries of that instant and later. */
  readonly from: Instant;
  /** Entries of that instant and earlier. */
  readonly to: Instant;
  /** Only entries that come after this place in the order of the list. */
  readonly after?: AuditPlace | undefined;
  /** Whether the latest comes first. */
  readonly isDescending: boolean;
};

/** A key of a service, of a user at a service, or of the operator. */
export type AuditedKey = {
  readonly id: Id;
  readonly createdAt: Instant;
  /** The owner of the chain that must have an entry of its making. */
  readonly serviceId: Id | null;
  /** Whether that chain has one. */
  readonly isRecorded: boolean;
};
