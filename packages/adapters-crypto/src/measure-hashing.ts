import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';

/** The cheapest that is configurable; each step of the cost doubles the work. */
const COST = 10;

/**
 * Measures this machine as it is just now: `msOf(cost)` is the time of one hash, and `perSecondOf(cost)` is the number of
 * hashes that all cores make together. Takes about two seconds.
 */
export async function measureHashing(
  places = availableParallelism(),
): Promise<{ msOf(cost: number): number; perSecondOf(cost: number): number }> {
  const hash = await bcrypt.hash('', COST);
  const times: number[] = [];
  for (let turn = 0; turn < 9; turn += 1) {
    const start = performance.now();
    await bcrypt.compare('', hash);
    times.push(performance.now() - start);
  }
  const ms = times.toSorted((a, b) => a - b)[4] ?? 0;

  const start = performance.now();
  const each = Math.max(4, Math.ceil(1000 / ms));
  await Promise.all(
    Array.from({ length: places }, async () => {
      for (let turn = 0; turn < each; turn += 1) await bcrypt.compare('', hash);
    }),
  );
  const perSecond = (each * places * 1000) / (performance.now() - start);
  return {
    msOf: (cost) => ms * 2 ** (cost - COST),
    perSecondOf: (cost) => perSecond / 2 ** (cost - COST),
  };
}
