/** Syncs for all who have written by then: whoever comes while one sync runs shares the next with all others who do. */
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
