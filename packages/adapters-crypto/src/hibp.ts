import { createHash } from 'node:crypto';
import type { BreachList, Clock } from '@rekey/usecases';

/** How long a whole answer may take, from the look-up of the name to the last byte. */
const TIME_LIMIT_MS = 1000;

/** Of an answer, unpacked: a padded one has about 40 KB. */
const MAX_ANSWER_BYTES = 512 * 1024;

/** Questions at once: each may occupy a thread that looks up a name, and hashes need threads as well. */
const MAX_UNDER_WAY = 8;

/** After so many failures in a row the list is left alone for a while; then one question tries again. */
const MAX_FAILURES = 5;
const PAUSE_MS = 30_000;

/** So many hexadecimal digits of the SHA-1 are sent; the rest is looked for in the answer. */
const PREFIX_LENGTH = 5;
const ENTRY = /^[0-9A-F]{35}:\d{1,10}$/i;

export type BreachListEvents = {
  /** The list failed too often to be asked. */
  readonly onBreachListSilent?: (reason: string) => void;
  readonly onBreachListBack?: () => void;
};

type Options = BreachListEvents & {
  /** Without a slash at its end: `https://api.pwnedpasswords.com`, or a mirror. */
  readonly url: string;
  readonly clock: Clock;
  readonly timeLimitMs?: number;
};

/**
 * The Pwned Passwords range API (https://haveibeenpwned.com/API/v3#PwnedPasswords): five digits of the password's
 * SHA-1 go out, every hash that begins with them comes back. Padding hides how many those are.
 */
export function hibpBreachList({
  url,
  clock,
  timeLimitMs = TIME_LIMIT_MS,
  ...events
}: Options): BreachList {
  let failures = 0;
  let retryAt = 0;
  let underWay = 0;

  return {
    async has(password) {
      if (underWay >= MAX_UNDER_WAY) return null;
      if (failures >= MAX_FAILURES) {
        if (clock.now() < retryAt) return null;
        // No other question tries again meanwhile.
        retryAt = clock.now() + PAUSE_MS;
      }
      underWay += 1;
      try {
        const isListed = await ask(url, password, AbortSignal.timeout(timeLimitMs));
        if (failures >= MAX_FAILURES) events.onBreachListBack?.();
        failures = 0;
        return isListed;
      } catch (error) {
        failures += 1;
        retryAt = clock.now() + PAUSE_MS;
        if (failures === MAX_FAILURES) events.onBreachListSilent?.(reasonOf(error));
        return null;
      } finally {
        underWay -= 1;
      }
    },
  };
}

async function ask(url: string, password: string, signal: AbortSignal): Promise<boolean> {
  const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
  const response = await fetch(`${url}/range/${hash.slice(0, PREFIX_LENGTH)}`, {
    // The operator alone decides which server is asked.
    redirect: 'error',
    headers: { 'add-padding': 'true', 'user-agent': 'rekey', accept: 'text/plain' },
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }
  const entries = (await textOf(response)).trimEnd().split(/\r?\n/);
  // No range is empty: an empty answer is not one.
  if (!entries.every((entry) => ENTRY.test(entry))) throw new Error('the answer is no list');
  // Padding is counted zero times.
  const counted = entries.filter((entry) => !/:0+$/.test(entry));
  return counted.some((entry) => hash.endsWith(entry.slice(0, entry.indexOf(':')).toUpperCase()));
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop hangs up.
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** The reason of a failed fetch stands in its cause. */
function reasonOf(error: unknown): string {
  const { cause = error } = error instanceof Error ? error : {};
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
