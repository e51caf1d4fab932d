import type { Event, Instant } from '@rekey/domain';

/** The changes that services may know of: one row for each, written in its transaction. */
export interface Events {
  insert(event: Event): Promise<void>;
  /** Deletes up to `limit` events from before the instant; answers how many that were. */
  prune(before: Instant, limit: number): Promise<number>;
}
