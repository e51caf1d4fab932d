import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TooManyRequests } from './errors.ts';
import {
  type Bucket,
  emptyAt,
  emptyBucket,
  fill,
  type Limit,
  refusalOf,
  settled,
  takeBack,
} from './limits.ts';

const NOW = 1_000_000_000;
/** Four fit in, and one leaks out each minute; from the third on, 5 s lie between two. */
const limit: Limit = {
  name: 'test',
  capacity: 4,
  leakMs: 60_000,
  spacingMs: (tries) => (tries >= 2 ? 5000 : 0),
};
const plain: Limit = { name: 'plain', capacity: 4, leakMs: 60_000 };

/** The bucket after as many tries at those instants as were let through. */
const after = (of: Limit, ...instants: number[]): Bucket =>
  instants.reduce(
    (bucket, at) => (refusalOf(of, bucket, at) ? bucket : fill(of, bucket, at)),
    emptyBucket,
  );
const waitOf = (of: Limit, bucket: Bucket, now: number) =>
  refusalOf(of, bucket, now)?.retryAfterS ?? 0;

describe('a limit', () => {
  test('lets as many tries through as fit in, and then one for each that leaks out', () => {
    const full = after(plain, NOW, NOW, NOW, NOW);
    expect(waitOf(plain, full, NOW)).toBe(60);
    expect(waitOf(plain, full, NOW + 59_999)).toBe(1);
    expect(waitOf(plain, full, NOW + 60_000)).toBe(0);
    const again = fill(plain, full, NOW + 60_000);
    expect(waitOf(plain, again, NOW + 60_000)).toBe(60);
  });

  test('keeps tries apart, from so many on', () => {
    const two = after(limit, NOW, NOW);
    expect(waitOf(limit, two, NOW)).toBe(5);
    expect(waitOf(limit, two, NOW + 4999)).toBe(1);
    expect(waitOf(limit, two, NOW + 5000)).toBe(0);
  });

  test('keeps tries apart by their number, however much of one has leaked', () => {
    const two = after(limit, NOW, NOW + 50_000);
    expect(two.level).toBeLessThan(2);
    expect(waitOf(limit, two, NOW + 50_000)).toBe(5);
    const one = after(limit, NOW, NOW + 60_000);
    expect(waitOf(limit, one, NOW + 60_000)).toBe(0);
  });

  test('asks nobody to wait for the rounding of its level', () => {
    const full = { level: 4.000000000000001, at: NOW };
    expect(waitOf(plain, full, NOW)).toBe(60);
    expect(waitOf(plain, full, NOW + 60_000)).toBe(0);
    const one = { level: 1.000000000000001, at: NOW };
    expect(waitOf(limit, one, NOW)).toBe(0);
  });

  test('tells its name, its capacity, the time that it takes to empty, and the wait', () => {
    const refusal = refusalOf(plain, after(plain, NOW, NOW, NOW, NOW), NOW);
    expect(refusal).toBeInstanceOf(TooManyRequests);
    expect(refusal).toMatchObject({
      limit: { name: 'plain', quota: 4, windowMs: 240_000 },
      retryAfterS: 60,
    });
  });

  test('lets at most twice its capacity through while it could empty, whenever the tries come', () => {
    const gaps = fc.array(fc.nat({ max: 100_000 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(gaps, (waits) => {
        let [now, bucket] = [NOW, emptyBucket];
        const passed: number[] = [];
        for (const wait of waits) {
          now += wait;
          if (refusalOf(plain, bucket, now)) continue;
          bucket = fill(plain, bucket, now);
          passed.push(now);
        }
        for (const start of passed) {
          const within = passed.filter((at) => at >= start && at < start + 240_000);
          expect(within.length).toBeLessThanOrEqual(8);
        }
      }),
    );
  });

  test('forgets a bucket when nothing is left of its tries and waits', () => {
    const two = after(limit, NOW, NOW);
    expect(emptyAt(limit, two)).toBe(NOW + 120_000);
    expect(waitOf(limit, two, emptyAt(limit, two))).toBe(0);
    const spaced = { ...limit, leakMs: 1 };
    expect(emptyAt(spaced, two)).toBe(NOW + 5000);
  });
});

describe('a clock that jumps', () => {
  test('back lengthens no wait, however far', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e12 }), fc.constantFrom(limit, plain), (back, of) => {
        const full = after(of, NOW, NOW, NOW + 5000, NOW + 10_000);
        const before = waitOf(of, full, full.at);
        const then = full.at - back;
        expect(waitOf(of, settled(full, then), then)).toBe(before);
        expect(waitOf(of, settled(full, then), then + before * 1000)).toBe(0);
      }),
    );
  });

  test('forth shortens waits, and no more', () => {
    const full = after(plain, NOW, NOW, NOW, NOW);
    expect(settled(full, NOW + 1e12)).toEqual(full);
    expect(waitOf(plain, full, NOW + 1e12)).toBe(0);
  });
});

describe('a try that is taken back', () => {
  test('leaves everything as if it had not been', () => {
    const before = after(limit, NOW, NOW);
    const mine = fill(limit, before, NOW + 5000);
    expect(takeBack(mine, { before, after: mine })).toEqual(before);
  });

  test('leaves the tries that came since', () => {
    const before = after(plain, NOW);
    const mine = fill(plain, before, NOW + 1000);
    const theirs = fill(plain, mine, NOW + 2000);
    const rest = takeBack(theirs, { before, after: mine });
    expect(rest.at).toBe(NOW + 2000);
    expect(rest.level).toBeCloseTo(fill(plain, before, NOW + 2000).level);
  });

  test('never makes less than nothing', () => {
    const mine = fill(plain, emptyBucket, NOW);
    const rest = takeBack({ level: 0.5, at: NOW + 1 }, { before: emptyBucket, after: mine });
    expect(rest.level).toBe(0);
  });
});
