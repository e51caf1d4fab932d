import { expect } from 'vitest';

/** What is promised of a commit: no read that begins so long after it misses it, on whatever server. */
const PROMISE_MS = 1000;

/**
 * Checks that reads see a commit: asks again and again until a read begins when the promise is due, which must answer
 * true. However slow the machine is, that read is one that the promise is about.
 */
export async function expectSeen(
  isNew: () => Promise<boolean>,
  commit: () => Promise<unknown>,
): Promise<void> {
  await commit();
  const committed = performance.now();
  for (;;) {
    const begun = performance.now();
    const isSeen = await isNew();
    // What is kept is answered at once, and would let nothing be heard.
    await new Promise((resolve) => setImmediate(resolve));
    if (begun - committed < PROMISE_MS) continue;
    expect(isSeen).toBe(true);
    return;
  }
}
