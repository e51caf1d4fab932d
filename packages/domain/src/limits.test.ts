import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TooManyRequests } from './errors.ts';
import { checkWait, countTry, type Limit, noTries, takeBack } from './limits.ts';

const NOW = 1_000_000_000;
const WINDOW_MS = 60_000;
/** Two are free; then 1 s, then 4 s, then the rest of the window. */
const limit: Limit = {
  name: 'test',
  quota: 2,
  windowMs: WINDOW_MS,
  waitMsAfter: (tries) => [0, 0, 1000, 4000][tries] ?? Number.POSITIVE_INFINITY,
};

const after = (...instants: number[]) =>
  instants.reduce((tally, at) => countTry(limit, tally, at), noTries);

const refusalOf = (run: () => unknown): TooManyRequests => {
  try {
    run();
  } catch (error) {
    if (error instanceof TooManyRequests) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('tries', () => {
  test('are free at first, then wait longer each time', () => {
    expect(after(NOW)).toEqual({ since: NOW, tries: 1, freeAt: 0, knownUntil: 0 });
    expect(after(NOW, NOW).freeAt).toBe(NOW + 1000);
    expect(after(NOW, NOW, NOW + 1000).freeAt).toBe(NOW + 5000);
  });

  test('within the wait are refused until it ends, and say how long that is', () => {
    const tally = after(NOW, NOW);
    expect(refusalOf(() => countTry(limit, tally, NOW))).toMatchObject({
      code: 'too_many_requests',
      retryAfterS: 1,
      limit: { name: 'test', quota: 2, windowMs: WINDOW_MS },
    });
    expect(refusalOf(() => checkWait(limit, tally, NOW + 999)).retryAfterS).toBe(1);
    expect(countTry(limit, tally, NOW + 1000).tries).toBe(3);
  });

  test('begin anew when the window is over, and no wait outlasts it', () => {
    const last = after(NOW, NOW, NOW + 1000, NOW + 5000);
    expect(last.freeAt).toBe(NOW + WINDOW_MS);
    expect(refusalOf(() => checkWait(limit, last, NOW + WINDOW_MS - 1)).retryAfterS).toBe(1);
    expect(countTry(limit, last, NOW + WINDOW_MS)).toEqual(after(NOW + WINDOW_MS));
  });

  test('of a clock that was far ahead keep nobody waiting', () => {
    const ahead = after(NOW + WINDOW_MS, NOW + WINDOW_MS);
    expect(countTry(limit, ahead, NOW)).toEqual(after(NOW));
  });

  test('that are free do not wait for a clock that is behind', () => {
    expect(countTry(limit, after(NOW), NOW - 500).tries).toBe(2);
    expect(countTry(limit, takeBack(limit, after(NOW, NOW), 1), NOW - 500).tries).toBe(2);
  });

  test('can be taken back, with the wait that they brought, and no more than there were', () => {
    const tally = { ...after(NOW, NOW), knownUntil: 7 };
    expect(takeBack(limit, tally, 1)).toEqual({ since: NOW, tries: 1, freeAt: 0, knownUntil: 7 });
    expect(takeBack(limit, tally, 9).tries).toBe(0);
  });

  test('that are taken back leave a quota used up that others have used up', () => {
    const spent = { since: NOW, tries: 9, freeAt: NOW + WINDOW_MS, knownUntil: 0 };
    expect(takeBack(limit, spent, 5).freeAt).toBe(NOW + WINDOW_MS);
    expect(takeBack(limit, spent, 6).freeAt).toBe(0);
    expect(takeBack(limit, spent, 7).freeAt).toBe(0);
  });

  test('are never refused for longer than the window, whenever they come', () => {
    const gaps = fc.array(fc.integer({ min: -WINDOW_MS, max: 2 * WINDOW_MS }), { maxLength: 30 });
    fc.assert(
      fc.property(gaps, (all) => {
        let now = NOW;
        let tally = noTries;
        for (const gap of all) {
          now += gap;
          try {
            tally = countTry(limit, tally, now);
          } catch (error) {
            expect((error as TooManyRequests).retryAfterS).toBeLessThanOrEqual(
              (2 * WINDOW_MS) / 1000,
            );
          }
        }
        expect(countTry(limit, tally, tally.since + WINDOW_MS).tries).toBe(1);
      }),
    );
  });
});
