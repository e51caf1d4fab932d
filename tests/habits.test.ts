import { describe, expect, it } from 'vitest';
import { isTest, type Node, parse, sourcesOf, textOf, visit } from './sources.ts';

type Program = ReturnType<typeof parse>['program'];

/** Every skip of a test that prints no reason: `skipIf` takes what `skips(…)` answers, and `runIf` is not used. */
function silentSkips(program: Program): string[] {
  const found: string[] = [];
  visit(program, (node) => {
    if (node.type !== 'CallExpression') return;
    const { type, property } = node.callee as Node;
    const { name } = (type === 'MemberExpression' ? property : {}) as { name?: string };
    const [condition] = node.arguments as Node[];
    const isSaid =
      condition?.type === 'CallExpression' &&
      (condition.callee as { name?: string }).name === 'skips';
    if (name === 'runIf' || (name === 'skipIf' && !isSaid)) found.push(name);
  });
  return found;
}

/** Every look at a clock that only measures how fast something is. */
function stopwatches(program: Program): string[] {
  const found: string[] = [];
  visit(program, (node) => {
    const { name } = (node.object ?? {}) as { name?: string };
    const property = (node.property ?? {}) as { name?: string };
    if (name === 'performance' || property.name === 'hrtime') found.push(name ?? 'hrtime');
  });
  return found;
}

/**
 * Faults report how long something took. The second compares it with a loop that it measures in one process. The third
 * looks at reads that begin a second after a commit, which is what is promised of them, however slow the machine is.
 */
const MEASURING = ['tests/faults/', 'tests/fuzz/cost.ts', 'packages/adapters-db/test/seen.ts'];

const programOf = (source: string) => parse('a.test.ts', source).program;
const tests = ['packages', 'apps', 'tests']
  .flatMap(sourcesOf)
  .filter((file) => isTest(file) || file.startsWith('tests/'))
  .map((file) => ({ file, program: parse(file, textOf(file)).program }));

describe('a test', () => {
  it('is never skipped without a line that says why', () => {
    expect(tests.length).toBeGreaterThan(50);
    const silent = tests.filter(({ program }) => silentSkips(program).length > 0);
    expect(silent.map(({ file }) => file)).toEqual([]);
  });

  it.each([
    `test.skipIf(!isThere)('a', () => {});`,
    `describe.skipIf(process.platform === 'linux')('a', () => {});`,
    `test.runIf(isThere)('a', () => {});`,
    `test.skipIf(skip(!isThere, 'why'))('a', () => {});`,
  ])('is caught where it is skipped in silence: %s', (source) => {
    expect(silentSkips(programOf(source))).toHaveLength(1);
  });

  it('may be skipped with a reason', () => {
    const source = `describe.skipIf(skips(!isThere, 'it is not there'))('a', () => {});`;
    expect(silentSkips(programOf(source))).toEqual([]);
  });

  it('has no limit of time: benchmarks measure how fast something is', () => {
    const timed = tests
      .filter(({ program }) => stopwatches(program).length > 0)
      .map(({ file }) => file)
      .filter((file) => !MEASURING.some((place) => file.startsWith(place)));
    expect(timed).toEqual([]);
    const limit = 'expect(performance.now() - began).toBeLessThan(5);';
    expect(stopwatches(programOf(limit))).toHaveLength(1);
  });
});
