import { fakeClock, START } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uuidv7Ids } from './ids.ts';

describe('an id', () => {
  test('is a UUID of version 7 with the time of the clock', () => {
    // RFC 9562, A.6: 2022-02-22T19:22:22Z
    const id = uuidv7Ids(fakeClock(0x017f22e279b0)).next();
    expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('is greater than the one before within a millisecond, beyond the range of the counter too', () => {
    const ids = uuidv7Ids(fakeClock(START));
    const made = Array.from({ length: 20_000 }, () => ids.next());
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
  });

  test('is greater than the one before however the clock goes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 48 - 100 })), (times) => {
        const clock = fakeClock(0);
        const ids = uuidv7Ids(clock);
        const made = times.map((time) => {
          clock.set(time);
          return ids.next();
        });
        expect(made).toEqual(made.toSorted());
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  test('follows the clock again once that has caught up', () => {
    const clock = fakeClock(START);
    const ids = uuidv7Ids(clock);
    ids.next();
    clock.set(START - 5000);
    ids.next();
    clock.set(START + 1);
    const [high, low] = ids.next().split('-');
    expect(Number.parseInt(`${high}${low}`, 16)).toBe(START + 1);
  });
});
