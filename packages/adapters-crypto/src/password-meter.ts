import type { PasswordQuality } from '@rekey/domain';
import type { PasswordMeter } from '@rekey/usecases';
import { idleThread } from './idle-thread.ts';
import type { Question } from './strength-thread.ts';

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * A password is pwned where the list of about 49,000 common passwords has it, in any case; of others nothing is known.
 *
 * A thread of its own judges, because that takes milliseconds in which no request would be served. The thread starts
 * with the first password, which takes its dictionaries 0.25 s and 35 MB, and ends after `idleMs` without work.
 */
export function passwordMeter(idleMs?: number): PasswordMeter {
  const judge = idleThread<Question, PasswordQuality>(import.meta.url, 'strength-thread', idleMs);
  return { assess: (password, context) => judge({ password, context }) };
}
