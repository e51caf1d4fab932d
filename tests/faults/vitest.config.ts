import path from 'node:path';
import { defineConfig } from 'vitest/config';

const root = path.join(import.meta.dirname, '../..');

/** The long form of the fault suite, of the models and of the races of links, `test:long`; `test` has the short ones. */
export default defineConfig({
  root,
  test: {
    include: ['tests/**/*.faults.ts', 'packages/**/{models,link-races}.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['tests/bundle.ts', 'tests/postgres.ts'],
    pool: 'forks',
    // One fault at a time: the figures are of a machine that does nothing else.
    fileParallelism: false,
    env: {
      FAULT_ROUNDS: process.env.FAULT_ROUNDS ?? '200',
      LINK_RACES: 'all',
      MODEL_STEPS: process.env.MODEL_STEPS ?? '100000',
    },
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    reporters: ['default', './tests/faults/reporter.ts', './tests/reporter.ts'],
  },
});
