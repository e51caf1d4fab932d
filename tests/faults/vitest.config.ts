import path from 'node:path';
import { defineConfig } from 'vitest/config';

const root = path.join(import.meta.dirname, '../..');

/** The long form of the fault suite, `test:faults`; the short one runs with all other tests. */
export default defineConfig({
  root,
  test: {
    include: ['tests/faults/*.faults.ts'],
    globalSetup: ['tests/bundle.ts', 'tests/postgres.ts'],
    pool: 'forks',
    // One fault at a time: the figures are of a machine that does nothing else.
    fileParallelism: false,
    env: { FAULT_ROUNDS: process.env.FAULT_ROUNDS ?? '200' },
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    reporters: ['default', './tests/faults/reporter.ts'],
  },
});
