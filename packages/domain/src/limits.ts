import { TooManyRequests } from './errors.ts';
import type { Instant } from './ids.ts';

/** How often something may be tried: a leaky bucket, which holds so many tries and forgets them one by one. */
export type Limit = {
  /** As callers are told. */
  readonly name: string;
  /** Tries that fit in. In any stretch of time that the bucket takes to empty, no more than twice as many get through. */
  readonly capacity: number;
  /** Milliseconds after which one try is forgotten. */
  readonly leakMs: number;
  /** Milliseconds that have to pass after a try that made it so many in the bucket; one that leaks is still one. */
  readonly spacingMs?: (tries: number) => number;
};

/** The tries of late. */
export type Bucket = {
  /** How many there were at `at`; parts of one leak out as well. */
  readonly level: number;
  /** When the last of them came. */
  readonly at: Instant;
};

export const emptyBucket: Bucket = { level: 0, at: 0 };

/**
 * A bucket by a clock that may have gone back since: then the last try came just now. Waits begin anew,
 * and none gets longer than it was.
 */
export const settled = (bucket: Bucket, now: Instant): Bucket =>
  bucket.at > now ? { ...bucket, at: now } : bucket;

/** The refusal of a try that has to wait; null for one that is let through. */
export function refusalOf(limit: Limit, bucket: Bucket, now: Instant): TooManyRequests | null {
  const { capacity, leakMs } = limit;
  const level = levelAt(limit, bucket, now);
  const untilRoom = Math.max(0, level + 1 - capacity) * leakMs;
  const untilSpaced = spacingAfter(limit, bucket) - elapsed(bucket, now);
  // In whole milliseconds: the rest is the rounding of levels.
  const waitMs = Math.round(Math.max(untilRoom, untilSpaced));
  if (waitMs <= 0) return null;
  const told = { name: limit.name, quota: capacity, windowMs: capacity * leakMs };
  return new TooManyRequests(told, Math.ceil(waitMs / 1000));
}

/** The bucket after a try that was let through. */
export const fill = (limit: Limit, bucket: Bucket, now: Instant): Bucket => ({
  level: levelAt(limit, bucket, now) + 1,
  at: now,
});

/** The bucket as if the try that made `after` of `before` had not been; tries that came since stay. */
export function takeBack(bucket: Bucket, { before, after }: Filling): Bucket {
  const isLast = bucket.at === after.at && bucket.level === after.level;
  return isLast ? before : { ...bucket, level: Math.max(0, bucket.level - 1) };
}

/** One try, as it changed a bucket. */
export type Filling = { readonly before: Bucket; readonly after: Bucket };

/** From when on nothing is left of the tries, nor of a wait. */
export const emptyAt = (limit: Limit, bucket: Bucket): Instant =>
  Math.ceil(bucket.at + Math.max(bucket.level * limit.leakMs, spacingAfter(limit, bucket)));

const spacingAfter = ({ spacingMs = () => 0 }: Limit, { level }: Bucket): number =>
  spacingMs(Math.ceil(level - ROUNDING));

/** More than what is lost in adding up levels, and less than any time leaks. */
const ROUNDING = 1e-9;

/** How many tries a bucket holds at an instant; parts of one count as well. */
export const levelAt = ({ leakMs }: Limit, bucket: Bucket, now: Instant): number =>
  Math.max(0, bucket.level - elapsed(bucket, now) / leakMs);

const elapsed = ({ at }: Bucket, now: Instant): number => Math.max(0, now - at);
