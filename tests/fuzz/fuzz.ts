import fc from 'fast-check';
import seeds from './seeds.json' with { type: 'json' };

type Seed = { readonly seed: number; readonly path: string };
const known: Readonly<Record<'exports' | 'parsers' | 'requests', readonly Seed[]>> = seeds;

/** The long form, `test:fuzz`, has many; a short one runs with the other tests. */
const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 500);

/**
 * Asserts a property of inputs by chance, after those that broke it once: the seed and path that a failure prints
 * belong into seeds.json.
 */
export async function fuzz<T>(
  name: keyof typeof known,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(inputs, holds);
  for (const bad of known[name]) await fc.assert(property, { ...bad, endOnFailure: true });
  const seed = Date.now() ^ (Math.random() * 2 ** 32);
  if (process.env.FUZZ_RUNS) console.log(`${name}: ${FUZZ_RUNS} runs, seed ${seed}`);
  await fc.assert(property, { seed, numRuns: FUZZ_RUNS, endOnFailure: true });
}
