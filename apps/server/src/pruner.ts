/** With the bound of one run, more than a machine's logins can leave behind in that time. */
const EVERY_MS = 600_000;

/** Prunes at once, and then again and again until it is stopped. */
export function startPruner(
  prune: () => Promise<number>,
  on: { pruned(rows: number): void; failed(error: unknown): void },
  everyMs = EVERY_MS,
): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const run = () => {
    // One run after the other, however long one takes.
    running = running.then(prune).then(on.pruned, on.failed);
  };
  run();
  const timer = setInterval(run, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
