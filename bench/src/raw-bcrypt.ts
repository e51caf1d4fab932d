import bcrypt from 'bcrypt';
import { counter } from './figures.ts';

/** The limit: nothing but the hashes that a login or a change cannot do without. */
export type Question = {
  readonly work: 'compare' | 'pair';
  readonly cost: number;
  readonly inFlight: number;
  /** Milliseconds; 0 for a single one. */
  readonly ms: number;
  /** Milliseconds before them, in which nothing is counted. */
  readonly warm?: number;
};
export type Reply = { readonly perSecond: number; readonly p50: number };

const text = 'x'.repeat(64);
const hashes = new Map<number, string>();

process.on('message', (question: Question) => {
  void measure(question).then((reply) => process.send?.(reply));
});
process.send?.('ready');

async function measure({ work, cost, inFlight, ms, warm = 0 }: Question): Promise<Reply> {
  const hash = hashes.get(cost) ?? bcrypt.hashSync(text, cost);
  hashes.set(cost, hash);
  const once = async () => {
    await bcrypt.compare(text, hash);
    if (work === 'pair') await bcrypt.hash(text, bcrypt.genSaltSync(cost));
  };
  if (ms === 0) {
    const start = performance.now();
    await once();
    const took = performance.now() - start;
    return { perSecond: 1000 / took, p50: took };
  }
  const counted = counter({ ms, warm });
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (!counted.isOver()) {
        const start = performance.now();
        await once();
        counted.add(start);
      }
    }),
  );
  return counted.load();
}
