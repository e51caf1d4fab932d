import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test,testing}/**/*.test.ts',
      'apps/*/{src,test}/**/*.test.ts',
      'tests/**/*.test.ts',
      // In a short form: `test:faults` runs the long one.
      'tests/faults/*.faults.ts',
    ],
    globalSetup: ['tests/bundle.ts', 'tests/postgres.ts'],
    // Processes, not threads: native modules and signals behave as in production.
    pool: 'forks',
    // Modules are read once by each of them: files keep nothing that another could see.
    isolate: false,
    // Much of the time is spent on waiting for other processes.
    maxWorkers: 4,
    // Only so that a run ends: on a busy machine a start of the server takes seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
