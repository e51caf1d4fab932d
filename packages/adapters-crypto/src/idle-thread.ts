import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** The time without work after which a thread ends. */
const IDLE_MS = 60_000;

/** With the default, 50 MB of garbage would pile up in a thread before it is collected. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** What goes to a thread and comes back from it: see `answer-questions.ts`. */
export type Asked<Question> = { readonly id: number; readonly question: Question };
export type Answered<Answer> = { readonly id: number; readonly answer: Answer };

/**
 * A thread that answers questions, for work that would keep the event loop from its other work. It starts with the first
 * question, and ends after `idleMs` without any. `name`: the file of the thread, which is beside the module at `besides`
 * both in the sources and in the bundle. `data`: its `workerData`.
 */
export function idleThread<Question, Answer>(
  besides: string,
  name: string,
  {
    idleMs = IDLE_MS,
    data,
  }: { readonly idleMs?: number | undefined; readonly data?: unknown } = {},
): (question: Question) => Promise<Answer> {
  const file = new URL(`./${name}${path.extname(besides)}`, besides);
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  let thread: Worker | undefined;
  let last = 0;
  const idle = setTimeout(() => {
    if (waiting.size > 0) return;
    void thread?.terminate();
    thread = undefined;
  }, idleMs).unref();

  function start(): Worker {
    const started = new Worker(file, { resourceLimits, workerData: data });
    started.on('message', ({ id, answer }: Answered<Answer>) => {
      waiting.get(id)?.resolve(answer);
      waiting.delete(id);
      // A process may exit while the thread has nothing to do.
      if (waiting.size === 0) started.unref();
      idle.refresh();
    });
    started.on('error', (error) => {
      // The next question starts another thread.
      thread = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return started;
  }

  return (question) => {
    thread ??= start();
    thread.ref();
    last += 1;
    const answered = Promise.withResolvers<Answer>();
    waiting.set(last, answered);
    thread.postMessage({ id: last, question } satisfies Asked<Question>);
    return answered.promise;
  };
}
