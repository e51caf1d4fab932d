import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { threadPoolSize } from '@rekey/adapters-crypto';

/** The pool takes its size at its first use: this module is imported before all that could use it. */
process.env.UV_THREADPOOL_SIZE ??= String(threadPoolSize());

/** A thread with this niceness gets a tenth of a contended core, and all of an idle one. */
const NICE = 10;

/**
 * Gives the threads of the pool, which hash, a lower priority than the one that answers requests: otherwise each request
 * in a flood of logins waits until a hash has used up its time slice. Only Linux has priorities of threads, and only
 * after the first use of the pool; elsewhere the server works as well, with longer tails.
 */
export function hashBehindRequests(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8');
      if (name.startsWith('libuv-worker')) setPriority(Number(thread), NICE);
    }
  } catch {
    // There is no /proc, or a thread has ended by now.
  }
}
