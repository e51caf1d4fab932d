import { randomInt, randomUUID } from 'node:crypto';
import type { Clock, Ids } from '@rekey/usecases';

/** The counter has 12 bits, and starts in their lower half. */
const COUNTER_END = 0x1000;

/**
 * UUIDs of version 7 that only ever rise within this process, also within a millisecond and when the clock is set
 * back (RFC 9562, 6.2, method 1; `randomUUIDv7` of Node keeps no order within a millisecond).
 */
export function uuidv7Ids(clock: Clock): Ids {
  let time = 0;
  let counter = 0;
  return {
    next: () => {
      const now = clock.now();
      if (now > time) {
        time = now;
        counter = randomInt(COUNTER_END / 2);
      } else {
        counter += 1;
      }
      if (counter === COUNTER_END) {
        // RFC 9562, 6.2: an exhausted counter borrows from the time ahead.
        time += 1;
        counter = 0;
      }
      const hex = time.toString(16).padStart(12, '0');
      const count = counter.toString(16).padStart(3, '0');
      // Variant and 62 random bits: these are as in version 4.
      return `${hex.slice(0, 8)}-${hex.slice(8)}-7${count}-${randomUUID().slice(19)}`;
    },
  };
}
