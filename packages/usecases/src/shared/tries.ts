import {
  type Bucket,
  emptyAt,
  emptyBucket,
  type Filling,
  fill,
  type Instant,
  type Limit,
  refusalOf,
  settled,
  type TooManyRequests,
} from '@rekey/domain';
import type { Ports, StoredBucket, Throttles } from '../ports/index.ts';

/** Says nothing of whom it stands for, not even to a reader of the database who guesses. */
export const keyOf = (
  secrets: Ports['secrets'],
  limit: Limit,
  ...parts: readonly string[]
): string => secrets.blind(JSON.stringify([limit.name, ...parts]));

/** The place of a bucket, and the limit of it. */
export type Slot = { readonly key: string; readonly limit: Limit };

/** A try, and what it makes of a bucket; `current` is the bucket without it, by the clock as it is now. */
export type Try = Slot &
  Filling & { readonly current: Bucket; readonly refusal: TooManyRequests | null };

export const tries = (slots: readonly Slot[], buckets: readonly Bucket[], now: Instant): Try[] =>
  slots.map(({ key, limit }, index) => {
    const before = buckets[index] ?? emptyBucket;
    const current = settled(before, now);
    const refusal = refusalOf(limit, current, now);
    return { key, limit, before, current, after: fill(limit, current, now), refusal };
  });

export async function lockTries(
  throttles: Throttles,
  slots: readonly Slot[],
  now: Instant,
): Promise<Try[]> {
  if (slots.length === 0) return [];
  return tries(slots, await throttles.lock(slots.map(keyIn)), now);
}

export const keyIn = ({ key }: Slot): string => key;

export const hasRoom = ({ refusal }: Try): boolean => refusal === null;

/** The longest wait: a client that is told of a shorter one comes back too early. */
export const longest = (all: readonly Try[]): TooManyRequests | null =>
  all
    .flatMap(({ refusal }) => refusal ?? [])
    .toSorted((a, b) => b.retryAfterS - a.retryAfterS)[0] ?? null;

export const stored = ({ key, limit }: Slot, bucket: Bucket): StoredBucket => ({
  key,
  bucket,
  forgetAt: emptyAt(limit, bucket),
});
export const withTry = (each: Try): StoredBucket => stored(each, each.after);
export const withoutTry = (each: Try): StoredBucket => stored(each, each.current);
