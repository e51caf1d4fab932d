import { stat } from 'node:fs/promises';
import type { Instant } from '@rekey/domain';
import type { Clock } from '@rekey/usecases';
import {
  type FileKey,
  type KeyFile,
  type KeyFileError,
  type KeyList,
  keyPurposes,
  openKeyFile,
} from './key-file.ts';

/** The time between two looks at the file. */
const INTERVAL_MS = 1000;

/** The age at which a new key is used: by then every server knows it. */
export const MATURITY_MS = 60_000;

export type KeyRingEvents = {
  /** Is told the ids of all keys when they have changed. */
  readonly onChange?: (ids: KeyIds) => void;
  readonly onProblem?: (problem: KeyFileError) => void;
};

/** The keys of the file, kept up to date. */
export type KeyRing = {
  /** The first key of each list is for new things; the others verify and decrypt what was made with them. */
  keys(): KeyFile;
  /** Reads the file now if it has changed. That happens each second anyway. */
  refresh(): Promise<void>;
  /** Stops looking at the file. */
  close(): void;
};

/**
 * Opens the key file like `openKeyFile`, and reads it again whenever it has changed. A changed file that is not
 * usable is reported to `onProblem`: the keys that were read before stay until the file is in order again.
 */
export async function openKeyRing(
  options: {
    readonly file: string;
    readonly mayCreate: boolean;
    readonly clock: Clock;
  } & KeyRingEvents,
): Promise<KeyRing> {
  const { file, clock } = options;
  let held = await openKeyFile(file, options);
  let keys = inOrderOfUse(held, clock.now());
  let seen: string | null = null;
  let complaint = '';

  async function look(): Promise<void> {
    const found = await stampOf(file);
    if (found === null || found !== seen) {
      try {
        const before = idsOf(held);
        held = await openKeyFile(file, { mayCreate: false });
        [seen, complaint] = [found, ''];
        const after = idsOf(held);
        if (JSON.stringify(after) !== JSON.stringify(before)) options.onChange?.(after);
      } catch (error) {
        // The file is read again each second, but a problem is reported once.
        const problem = error as KeyFileError;
        if (problem.message !== complaint) options.onProblem?.(problem);
        complaint = problem.message;
      }
    }
    keys = inOrderOfUse(held, clock.now());
  }

  let last = Promise.resolve();
  const refresh = () => {
    last = last.then(look);
    return last;
  };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const lookLater = () => {
    if (!isClosed) timer = setTimeout(() => void refresh().then(lookLater), INTERVAL_MS).unref();
  };
  lookLater();

  return {
    keys: () => keys,
    refresh,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** The ids of a key file, in its order. */
export type KeyIds = { readonly [purpose in keyof KeyFile]: readonly string[] };

function idsOf(keys: KeyFile): KeyIds {
  const lists = keyPurposes.map((purpose) => [purpose, keys[purpose].map(({ kid }) => kid)]);
  return Object.fromEntries(lists) as KeyIds;
}

function inOrderOfUse(keys: KeyFile, now: Instant): KeyFile {
  const lists = keyPurposes.map((purpose) => [purpose, currentFirst(keys[purpose], now)]);
  return Object.fromEntries(lists) as KeyFile;
}

/** The list with the newest key first that every server knows by now, or the oldest where none is old enough. */
export function currentFirst(list: KeyList, now: Instant): KeyList;
export function currentFirst(list: readonly FileKey[], now: Instant): readonly FileKey[];
export function currentFirst(list: readonly FileKey[], now: Instant): readonly FileKey[] {
  const isOfAge = ({ createdAt }: { createdAt: Instant }) => now - createdAt >= MATURITY_MS;
  const current = list.find(isOfAge) ?? list.at(-1);
  return current === undefined ? [] : [current, ...list.filter((key) => key !== current)];
}

/** Whether nothing is good any more that was made with the predecessor of a key, and was good for `ttlMs` then. */
export const hasOutlived = ({ createdAt }: FileKey, ttlMs: number, now: Instant): boolean =>
  // One minute passes until the key is used; the other one is for clocks that differ.
  now - createdAt > ttlMs + 2 * MATURITY_MS;

/** A text that changes whenever the file does; null where the file cannot be looked at. */
async function stampOf(file: string): Promise<string | null> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return null;
  }
}
