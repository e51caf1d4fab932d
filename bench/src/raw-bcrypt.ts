import bcrypt from 'bcrypt';
import { quantile } from './figures.ts';

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
  const latencies: number[] = [];
  const begin = performance.now() + warm;
  const end = begin + ms;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      do {
        const start = performance.now();
        await bcrypt.compare(text, hash);
        if (work === 'pair') await bcrypt.hash(text, bcrypt.genSaltSync(cost));
        const now = performance.now();
        if (ms === 0 || (now >= begin && now < end)) latencies.push(now - start);
      } while (performance.now() < end);
    }),
  );
  latencies.sort((a, b) => a - b);
  return { perSecond: (latencies.length * 1000) / ms, p50: quantile(latencies, 0.5) };
}
