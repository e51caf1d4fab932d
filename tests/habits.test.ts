import { describe, expect, it } from 'vitest';
import { isTest, type Node, parse, sourcesOf, textOf, visit } from './sources.ts';

/** Every skip of a test that prints no reason: `skipIf` and `runIf` take what `skips(…)` answers. */
function silentSkips(file: string, source: string): string[] {
  const found: string[] = [];
  visit(parse(file, source).program, (node) => {
    if (node.type !== 'CallExpression') return;
    const { type, property } = node.callee as Node;
    const { name } = (type === 'MemberExpression' ? property : {}) as { name?: string };
    const [condition] = node.arguments as Node[];
    const isSaid =
      name === 'skipIf' &&
      condition?.type === 'CallExpression' &&
      (condition.callee as { name?: string }).name === 'skips';
    if (name === 'runIf' || (name === 'skipIf' && !isSaid)) found.push(`${file}: ${name}`);
  });
  return found;
}

const tests = ['packages', 'apps', 'tests']
  .flatMap(sourcesOf)
  .filter((file) => isTest(file) || file.startsWith('tests/'));

/** Where a test reads a clock that only measures how fast something is. */
function stopwatches(file: string, source: string): string[] {
  const found: string[] = [];
  visit(parse(file, source).program, (node) => {
    const { name } = (node.object ?? {}) as { name?: string };
    const property = (node.property ?? {}) as { name?: string };
    if (name === 'performance' || property.name === 'hrtime') found.push(file);
  });
  return found;
}

describe('a test', () => {
  it('is never skipped without a line that says why', () => {
    expect(tests.length).toBeGreaterThan(50);
    expect(tests.flatMap((file) => silentSkips(file, textOf(file)))).toEqual([]);
  });

  it.each([
    `test.skipIf(!isThere)('a', () => {});`,
    `describe.skipIf(process.platform === 'linux')('a', () => {});`,
    `test.runIf(isThere)('a', () => {});`,
    `test.skipIf(skip(!isThere, 'why'))('a', () => {});`,
  ])('is caught at %s', (source) => {
    expect(silentSkips('a.test.ts', source)).toHaveLength(1);
  });

  it('never measures how fast something is: benchmarks do, and faults only tell it', () => {
    const timed = tests.filter((file) => !file.startsWith('tests/faults/'));
    expect(timed.flatMap((file) => stopwatches(file, textOf(file)))).toEqual([]);
    expect(stopwatches('a.test.ts', 'expect(performance.now() - began).toBeLessThan(5);')).toEqual([
      'a.test.ts',
    ]);
  });

  it('may be skipped with a reason', () => {
    const source = `describe.skipIf(skips(!isThere, 'it is not there'))('a', () => {});`;
    expect(silentSkips('a.test.ts', source)).toEqual([]);
  });
});
