/**
 * Runs the work at once, and then again and again until it is stopped. `done` is told what a run answered.
 * Work that takes long can ask whether it is to stop.
 */
export function repeat(
  work: (isStopping: () => boolean) => Promise<number>,
  on: { done(count: number): void; failed(error: unknown): void },
  everyMs: number,
): { stop(): Promise<void> } {
  let isStopping = false;
  let running = Promise.resolve();
  const run = () => {
    // One run after the other, however long one takes.
    running = running.then(() => work(() => isStopping)).then(on.done, on.failed);
  };
  run();
  const timer = setInterval(run, everyMs);
  return {
    stop: () => {
      isStopping = true;
      clearInterval(timer);
      return running;
    },
  };
}
