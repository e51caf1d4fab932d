import type { Instant, Tally } from '@rekey/domain';

/** How often things were tried, under keys that do not say what. */
export interface Throttles {
  /** The tally under a key; `noTries` where there is none. */
  get(key: string): Promise<Tally>;
  /** The tallies under several keys, in their order, and locks them: every change of them waits until the transaction ends. */
  lock(keys: readonly string[]): Promise<Tally[]>;
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
