import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { threadPoolSize } from '@rekey/adapters-crypto';

/** The pool takes its size at its first use, so this is imported before anything that could use it. */
process.env.UV_THREADPOOL_SIZE ??= String(threadPoolSize());

/** A tenth of what a thread gets that wants the same core, and all of a core that nobody wants. */
const NICE = 10;

/**
 * Puts the threads of the pool, which hash, behind the one that answers requests: without it each request of
 * a login flood waits for a hash to use up its turn. Linux alone has priorities of threads, and it has to be
 * after the pool's first use; where it cannot be done the server is as good, and only its tails are longer.
 */
export function hashBehindRequests(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8');
      if (name.startsWith('libuv-worker')) setPriority(Number(thread), NICE);
    }
  } catch {
    // No /proc, or a thread that is gone by now.
  }
}
