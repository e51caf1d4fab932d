import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import type { PasswordMeter } from '@rekey/usecases';
import type { Judgement, Question } from './strength-thread.ts';

/** The time without work after which the thread ends. */
const IDLE_MS = 60_000;

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * A password is pwned where the list of about 49,000 common passwords has it, in any case; of others nothing is known.
 *
 * A thread of its own judges, because that takes milliseconds in which no request would be served. The thread starts
 * with the first password, which takes its dictionaries 0.25 s and 35 MB, and ends after `idleMs` without work.
 */
export function passwordMeter(idleMs = IDLE_MS): PasswordMeter {
  const waiting = new Map<number, PromiseWithResolvers<PasswordQuality>>();
  let thread: Worker | undefined;
  let last = 0;
  const idle = setTimeout(() => {
    if (waiting.size > 0) return;
    void thread?.terminate();
    thread = undefined;
  }, idleMs).unref();

  function start(): Worker {
    // The file is beside this module both in the sources and in the bundle.
    const file = `./strength-thread${path.extname(import.meta.url)}`;
    const started = new Worker(new URL(file, import.meta.url), {
      // With the default, 50 MB of garbage would pile up before it is collected.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    started.on('message', ({ id, quality }: Judgement) => {
      waiting.get(id)?.resolve(quality);
      waiting.delete(id);
      // A process may exit while the thread has nothing to do.
      if (waiting.size === 0) started.unref();
      idle.refresh();
    });
    started.on('error', (error) => {
      // The next password starts another thread.
      thread = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return started;
  }

  return {
    assess(password, context) {
      thread ??= start();
      thread.ref();
      last += 1;
      const judged = Promise.withResolvers<PasswordQuality>();
      waiting.set(last, judged);
      thread.postMessage({ id: last, password, context } satisfies Question);
      return judged.promise;
    },
  };
}
