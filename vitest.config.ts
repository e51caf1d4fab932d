import { defineConfig } from 'vitest/config';

/** Adapters that are tested on the real thing: hashes and key files, databases, mail servers, providers, receivers of webhooks. */
const outside = 'packages/adapters-{crypto,db,mail,providers,webhooks}/**/*.test.ts';
/** Elsewhere, the name of a test that needs processes, files or the whole machine says so. */
const marked = '{packages,apps}/**/*.integration.test.ts';
/** Beside the folders of `tests`, where servers are driven: these read the repository, and start nothing. */
const reading = 'tests/*.test.ts';

const nowhere = '**/node_modules/**';
const bundle = 'tests/bundle.ts';
const postgres = 'tests/postgres.ts';

export default defineConfig({
  test: {
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
    reporters: ['default', './tests/reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,apps}/**/*.test.ts', reading],
          exclude: [nowhere, outside, marked],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          // Adapters keep what they have built, connections for one: here each file begins anew.
          isolate: true,
          include: [outside, marked],
          exclude: [nowhere],
          globalSetup: [postgres],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/*/**/*.test.ts'],
          exclude: [nowhere],
          globalSetup: [bundle, postgres],
        },
      },
      {
        extends: true,
        test: {
          // In a short form: `test:long` runs the long one.
          name: 'faults',
          include: ['tests/**/*.faults.ts'],
          exclude: [nowhere],
          globalSetup: [bundle, postgres],
        },
      },
    ],
  },
});
