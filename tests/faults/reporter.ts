import type { Reporter, TestCase } from 'vitest/node';
import type { Figure } from './figures.ts';

/** Prints each figure as it comes in, and all of them as a table at the end. */
export default class FigureReporter implements Reporter {
  readonly #figures: Figure[] = [];

  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    if (state !== 'passed') process.stdout.write(`${state.toUpperCase()} ${test.fullName}\n`);
    for (const { stack, message } of errors) process.stdout.write(`${stack ?? message}\n`);
    for (const each of test.meta().figures ?? []) {
      this.#figures.push(each);
      process.stdout.write(`${each.fault} | ${each.database} | ${each.rounds} | ${each.figure}\n`);
    }
  }

  onTestRunEnd(): void {
    const rows = [
      ['fault', 'database', 'rounds', 'figure'],
      ['---', '---', '--:', '---'],
      ...this.#figures.map(({ fault, database, rounds, figure }) => [
        fault,
        database,
        String(rounds),
        figure,
      ]),
    ];
    process.stdout.write(`\n${rows.map((row) => `| ${row.join(' | ')} |\n`).join('')}\n`);
  }
}
