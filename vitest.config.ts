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
    globalSetup: 'tests/postgres.ts',
    // Processes, not threads: native modules and signals behave as in production.
    pool: 'forks',
    testTimeout: 15_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
