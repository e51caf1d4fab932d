import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one line that a program can read: `N passed, N failed`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let [passed, failed] = [0, unhandled.length];
    for (const module of modules) {
      // Of files that could not be read, and of hooks.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      passed += [...module.children.allTests('passed')].length;
      failed += [...module.children.allTests('failed')].length;
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}
