/** Syncs for all callers that have written by then: those that come while one sync runs share the next. */
export function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    if (next !== null) return next;
    const turn = last.then(() => {
      next = null;
      return sync();
    });
    next = turn;
    last = turn.catch(() => undefined);
    return turn;
  };
}
