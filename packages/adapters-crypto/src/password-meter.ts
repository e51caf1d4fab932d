import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import type { PasswordMeter } from '@rekey/usecases';
import { idleThread } from './idle-thread.ts';
import type { KnownWords } from './known-words.ts';
import type { Question } from './strength-thread.ts';

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * A password is pwned where the list of about 49,000 common passwords has it, in any case; of others nothing is known.
 *
 * A thread of its own judges, because that takes milliseconds in which no request would be served. It starts with the
 * first password and ends after `idleMs` without work. The words are 4 MB that all such threads share, and that another
 * thread makes once, at the first password or at `prepare`.
 */
export function passwordMeter(idleMs?: number): PasswordMeter & { prepare(): void } {
  type Judge = (question: Question) => Promise<PasswordQuality>;
  let judge: Promise<Judge> | undefined;

  async function begin(): Promise<Judge> {
    const words = await makeWords();
    return idleThread(import.meta.url, 'strength-thread', { idleMs, data: words });
  }

  const begun = (): Promise<Judge> => {
    judge ??= begin().catch((error: unknown) => {
      // The next password tries again.
      judge = undefined;
      throw error;
    });
    return judge;
  };

  return {
    assess: async (password, context) => (await begun())({ password, context }),
    prepare: () => void begun().catch(() => undefined),
  };
}

/** Makes the words in a thread that ends with that: as lists they take ten times as much memory. */
async function makeWords(): Promise<KnownWords> {
  const file = `./words-thread${path.extname(import.meta.url)}`;
  const [words] = await once(new Worker(new URL(file, import.meta.url)), 'message');
  return words;
}
