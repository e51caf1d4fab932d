import type { Bucket, Instant } from '@rekey/domain';

/** How often things were tried, under keys that do not say what. */
export interface Throttles {
  /** The buckets under several keys, in their order, as they are now. */
  get(keys: readonly string[]): Promise<Bucket[]>;
  /** The buckets under several keys, in their order, and locks them: every change of them waits until the transaction ends. */
  lock(keys: readonly string[]): Promise<Bucket[]>;
  /** Replaces buckets; each may be forgotten at its `forgetAt`. */
  put(buckets: readonly StoredBucket[]): Promise<void>;
  /** Deletes up to `limit` buckets that may be forgotten at `now`; answers how many that were. */
  prune(now: Instant, limit: number): Promise<number>;
}

export type StoredBucket = {
  readonly key: string;
  readonly bucket: Bucket;
  readonly forgetAt: Instant;
};
