import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { expect, test } from 'vitest';
import { hashBehindRequests } from './thread-pool.ts';

test.runIf(process.platform === 'linux')(
  'the threads that hash stand behind the one that answers',
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
