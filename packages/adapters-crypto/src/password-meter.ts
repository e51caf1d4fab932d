import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import type { PasswordMeter } from '@rekey/usecases';
import { idleThread } from './idle-thread.ts';
import type { KnownWords } from './known-words.ts';
import type { Question } from './strength-thread.ts';
import { shared } from './word-ranks.ts';

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * A password is pwned where the list of about 49,000 common passwords has it, in any case; of others nothing is known.
 *
 * A thread of its own judges, because that takes milliseconds in which no request would be served. It starts with the
 * first password and ends after `idleMs` without work. The words are 4 MB that all such threads share.
 */
export function passwordMeter(idleMs?: number): PasswordMeter {
  type Judge = (question: Question) => Promise<PasswordQuality>;
  let judge: Promise<Judge> | undefined;

  const begin = async (): Promise<Judge> =>
    idleThread(import.meta.url, 'strength-thread', { idleMs, data: await findWords() });

  return {
    async assess(password, context) {
      judge ??= begin().catch((error: unknown) => {
        // The next password tries again.
        judge = undefined;
        throw error;
      });
      return (await judge)({ password, context });
    },
  };
}

/** The words that the bundle brings along. The sources make them, in a thread that ends with that. */
async function findWords(): Promise<KnownWords> {
  if (import.meta.url.endsWith('.ts')) {
    const thread = new Worker(new URL('./words-thread.ts', import.meta.url));
    const [words] = await once(thread, 'message');
    return words;
  }
  const packed: KnownWords = deserialize(await readFile(new URL('./words.bin', import.meta.url)));
  const lists = Object.entries(packed.lists).map(([name, list]) => [name, shared(list)]);
  return { ...packed, lists: Object.fromEntries(lists) };
}
