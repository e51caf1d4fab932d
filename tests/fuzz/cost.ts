import { setImmediate } from 'node:timers/promises';

/** As much arithmetic as takes about 5 ms on one core of a small server. */
function yardstick(): number {
  let x = 1;
  for (let i = 0; i < 3_500_000; i += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x;
}

async function timeOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Another program may take the processor away in the middle of one try, and hardly in all of them. */
const TRIES = 25;

let yard = Infinity;

/**
 * How long a piece of work takes, as a part of how long the yardstick takes in this process: no machine is too slow
 * for it. The least of many tries counts, and as few are made as show that it is less than 1.
 */
export async function costOf(work: () => unknown): Promise<number> {
  if (yard === Infinity)
    for (let i = 0; i < TRIES; i += 1) yard = Math.min(yard, await timeOf(yardstick));
  let least = Infinity;
  for (let i = 0; i < TRIES && least >= yard; i += 1) {
    least = Math.min(least, await timeOf(work));
    if (least < yard) break;
    yard = Math.min(yard, await timeOf(yardstick));
    await setImmediate();
  }
  return least / yard;
}
