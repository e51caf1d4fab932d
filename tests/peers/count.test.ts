import { describe, expect, test } from 'vitest';
import { literal, type Node, parse, textOf, visit } from '../sources.ts';
import { tests as orion } from './orion/list.ts';
import { answers } from './sso/differences.ts';
import { tests as rooms, names as sso } from './sso/list.ts';

/** The tests that a file of `sso` writes, by the names that they have there. */
function written(file: string): string[] {
  const found: string[] = [];
  visit(parse(file, textOf(file)).program, (node) => {
    const { name } = (node.callee ?? {}) as { name?: string };
    if (node.type !== 'CallExpression' || name !== 'peer') return;
    found.push(literal((node.arguments as Node[])[0]) ?? 'a name that this test cannot see');
  });
  return found;
}

const files = Object.keys(rooms).map((room) => `tests/peers/sso/${room}.test.ts`);

describe('the tests of other systems', () => {
  test('of mojzu/sso are 113, and each is written once, where it was', () => {
    expect(new Set(sso).size).toBe(113);
    expect(files.map(written)).toEqual(Object.values(rooms));
  });

  test('of orion users are 22', () => {
    expect(new Set(orion.map(({ name }) => name)).size).toBe(22);
  });

  test('are counted in docs/moving.md', () => {
    const counted = textOf('docs/moving.md').match(/^Its own .* pass\.$/gm) ?? [];
    expect(counted).toEqual([
      `Its own ${sso.length} integration tests of version 0.10.2, written anew in \`tests/peers/sso\`: ${sso.length} pass.`,
      `Its own ${orion.length} tests over HTTP, written anew in \`tests/peers/orion\`: ${orion.length} pass.`,
    ]);
  });

  test('come across every difference that is named', () => {
    const text = files.map(textOf).join('\n');
    const unused = Object.keys(answers).filter((name) => !text.includes(`answers.${name}`));
    expect(unused).toEqual([]);
  });
});
