import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** The long form of the fuzz tests, `test:fuzz`; the project `system` has the short one. */
export default defineConfig({
  root: path.join(import.meta.dirname, '../..'),
  test: {
    include: ['tests/fuzz/*.test.ts'],
    pool: 'forks',
    // The work of one thread is measured.
    fileParallelism: false,
    env: { FUZZ_RUNS: process.env.FUZZ_RUNS ?? '100000' },
    testTimeout: 3_600_000,
  },
});
