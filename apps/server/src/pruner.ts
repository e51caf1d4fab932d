import type { Prune } from '@rekey/usecases';

/** Milliseconds. With the bound of a run, more than a machine's logins can leave behind. */
const EVERY = 600_000;

/** Prunes at once, and then again and again until it is stopped. */
export function startPruner(
  prune: Pick<Prune, 'execute'>,
  on: { pruned(rows: number): void; failed(error: unknown): void },
  every = EVERY,
): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const run = () => {
    // One after the other, however long one takes.
    running = running.then(() => prune.execute()).then(on.pruned, on.failed);
  };
  run();
  const timer = setInterval(run, every);
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
