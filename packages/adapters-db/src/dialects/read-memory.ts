/** What reads of one connection answered, kept for as long as nobody commits anything. */
export type ReadMemory = {
  /** To be called before reads: forgets all of it where something was committed. */
  refresh(): void;
  /** Forgets all of it: to be called after each commit of this process. */
  forget(): void;
  /** What `read` answered for the statement and its values; it is only called where that is not known. */
  recall<Answer>(statement: object, values: unknown, read: () => Answer[]): Answer[];
};

/** A session with its user and its key takes about 1 KB. */
const MAX_ANSWERS = 4000;

/**
 * `version` says whether anything was committed, by whatever process. It is asked once in each turn of the event loop:
 * what another process commits shows within milliseconds, what this one commits at once. So reads must not await
 * anything: a commit would slip in between the read and its being kept.
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
      const current = version();
      if (current !== seen) forget();
      seen = current;
      isChecked = true;
      setImmediate(() => {
        isChecked = false;
      });
    },

    forget,

    recall<Answer>(statement: object, values: unknown, read: () => Answer[]): Answer[] {
      const known = answers.get(statement)?.get(values);
      if (known) return known as Answer[];
      const answer = read();
      if (size >= maxAnswers) forget();
      const ofStatement = answers.get(statement) ?? new Map<unknown, unknown[]>();
      answers.set(statement, ofStatement.set(values, answer));
      size += 1;
      return answer;
    },
  };
}
