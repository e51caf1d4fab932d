/** The answers of reads on one connection, kept for as long as nobody commits anything. */
export type ReadMemory = {
  /** To be called before reads: forgets all of it where something was committed. */
  refresh(): void;
  /** Forgets all of it: to be called after each commit of this process. */
  forget(): void;
  /** The answer of `read` for the statement of that name and its values; `read` is called only where no answer is kept. */
  recall<Answer>(statement: string, values: unknown, read: () => Answer[]): Answer[];
};

/** A session with its user and its key takes about 1 KB. */
const MAX_ANSWERS = 4000;

/**
 * `version` says whether anything was committed, by whatever process. It is asked once in each turn of the event loop:
 * a commit of another process shows within milliseconds, a commit of this one at once. So reads must not await
 * anything: a commit would slip in between the read and its being kept.
 */
export function readMemory(version: () => number, maxAnswers = MAX_ANSWERS): ReadMemory {
  const answers = new Map<string, Map<unknown, unknown[]>>();
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

    recall<Answer>(statement: string, values: unknown, read: () => Answer[]): Answer[] {
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
