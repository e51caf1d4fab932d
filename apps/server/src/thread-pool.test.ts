import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { skips } from '@rekey/usecases/testing';
import { expect, test } from 'vitest';
import { hashBehindRequests } from './thread-pool.ts';

test.skipIf(skips(process.platform !== 'linux', 'only Linux has priorities of threads'))(
  'the threads that hash have a lower priority than the one that answers requests',
  async () => {
    await stat('.');
    const before = getPriority();
    hashBehindRequests();
    const pool = readdirSync('/proc/self/task').filter((thread) =>
      readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').startsWith('libuv-worker'),
    );
    expect(pool.map((thread) => getPriority(Number(thread)))).toEqual(pool.map(() => 10));
    expect(pool.length).toBeGreaterThanOrEqual(4);
    expect(getPriority()).toBe(before);
  },
);
