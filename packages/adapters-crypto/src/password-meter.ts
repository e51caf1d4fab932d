import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import type { PasswordMeter } from '@rekey/usecases';
import type { Judgement, Question } from './strength-thread.ts';

/** Milliseconds without work after which the thread goes. */
const IDLE_MS = 60_000;

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * Pwned is what the list of about 49,000 common passwords has, whatever its case; about others nothing is known.
 *
 * It judges in a thread of its own, for that takes milliseconds in which no request would be served. The thread is
 * made when there is something to judge, which takes its dictionaries 0.25 s and 35 MB, and goes when there was
 * nothing for `idleMs`.
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
    // It is beside this module both as a source and as a part of the image.
    const file = `./strength-thread${path.extname(import.meta.url)}`;
    const started = new Worker(new URL(file, import.meta.url), {
      // What judging leaves behind is gone at once; by default 50 MB of it would pile up.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    started.on('message', ({ id, quality }: Judgement) => {
      waiting.get(id)?.resolve(quality);
      waiting.delete(id);
      // Nobody's exit waits for a thread that has nothing to do.
      if (waiting.size === 0) started.unref();
      idle.refresh();
    });
    started.on('error', (error) => {
      // The next password starts another one.
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
