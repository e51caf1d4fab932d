import type { AuditChain, AuditEntry, AuditPlace, AuditType, Id, Instant } from '@rekey/domain';

/** The record, in chains: one for each service, and one for the operator, whose id is null. No entry is ever changed. */
export interface Audit {
  /**
   * Where a chain begins and ends, an empty one where nothing was appended yet; locks it: every other append waits
   * until the transaction ends. The last lock that a transaction takes.
   */
  lock(serviceId: Id | null): Promise<AuditChain>;
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
  readonly type?: AuditType | undefined;
  readonly from: Instant;
  /** Only entries that come after this place in a list. */
  readonly before: AuditPlace;
};
