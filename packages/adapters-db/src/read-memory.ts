/** What prepared reads of one connection answered, kept for as long as nobody commits anything. */
export type ReadMemory = {
  /** To be called before reads: forgets all of it where something was committed. */
  refresh(): void;
  /** Forgets all of it: to be called after each commit of this process. */
  forget(): void;
  get(query: object, key: unknown): unknown[] | undefined;
  set(query: object, key: unknown, rows: unknown[]): void;
};

/** A session with its user and its key takes about 1 KB. */
const MAX_ANSWERS = 4000;

/**
 * `version` says whether anything was committed, by whatever process. It is asked once in each turn of the event loop:
 * what another process commits shows within milliseconds, what this one commits at once.
 */
export function readMemory(version: () => number, maxAnswers = MAX_ANSWERS): ReadMemory {
  const answers = new Map<object, Map<unknown, unknown[]>>();
  let size = 0;
  let seen = version();
  let isChecked = false;

  function forget(): void {
    if (size === 0) return;
    answers.clear();
    size = 0;
  }

  return {
    refresh() {
      if (isChecked) return;
      isChecked = true;
      setImmediate(() => {
        isChecked = false;
      });
      const current = version();
      if (current !== seen) forget();
      seen = current;
    },
    forget,
    get: (query, key) => answers.get(query)?.get(key),
    set(query, key, rows) {
      if (size >= maxAnswers) forget();
      const ofQuery = answers.get(query) ?? new Map<unknown, unknown[]>();
      answers.set(query, ofQuery.set(key, rows));
      size += 1;
    },
  };
}
