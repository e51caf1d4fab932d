const TIMES = {
  /** How long after a commit places are given: for all commits of that time together, and after they were answered. */
  gatherMs: 10,
  /** How long another process has the turn, at a guess. */
  retryMs: 25,
  /** How often this process looks for what another one left behind. */
  pollMs: 500,
};

/**
 * Gives places to what is pending, until it is stopped: soon after each time it is woken, and now and then. `sequence`
 * answers null where another process is at it.
 */
export function startSequencer(
  sequence: () => Promise<number | null>,
  on: { failed(error: unknown): void },
  { gatherMs, retryMs, pollMs } = TIMES,
): { wake(): void; stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let isFailing = false;
  let isStopping = false;

  const run = async (): Promise<void> => {
    let next = pollMs;
    try {
      if ((await sequence()) === null) next = retryMs;
      isFailing = false;
    } catch (error) {
      // Once for each failure, however long it lasts.
      if (!isFailing) on.failed(error);
      isFailing = true;
    }
    running = null;
    plan(next);
  };
  const plan = (ms: number): void => {
    const at = performance.now() + ms;
    if (isStopping || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => {
      dueAt = Number.POSITIVE_INFINITY;
      // Woken while a run was on its way: what was committed since may have been too late for that.
      if (running) void running.then(() => plan(0));
      else running = run();
    }, ms);
  };
  plan(0);

  return {
    wake: () => plan(isFailing ? pollMs : gatherMs),
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await running;
    },
  };
}
