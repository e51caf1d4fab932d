import type { Instant } from '@rekey/domain';
import type { Clock, Ids } from '../../src/ports/index.ts';

/** A clock that stands still until it is set. */
export type FakeClock = Clock & { set(now: Instant): void };

export function fakeClock(start: Instant): FakeClock {
  let now = start;
  return {
    now: () => now,
    set: (instant) => {
      now = instant;
    },
  };
}

/** Ids in order; those of one family are never those of another. */
export function sequentialIds(family = 0): Ids {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return `01900000-0000-7000-800${family}-${count.toString(16).padStart(12, '0')}`;
    },
  };
}
