import { describe, expect, test } from 'vitest';
import { literal, type Node, parse, textOf, visit } from '../sources.ts';
import { tests as orion } from './orion/list.ts';
import { pending, themeOf } from './pending.ts';
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

/** How many of them run, and how many are pending. */
function count(names: readonly string[]): string {
  const waiting = names.filter((name) => themeOf(name) !== undefined).length;
  return `${names.length - waiting} pass, ${waiting} pending`;
}

describe('the tests of other systems', () => {
  test('of mojzu/sso are 113, and each is written once, where it was', () => {
    expect(new Set(sso).size).toBe(113);
    expect(files.map(written)).toEqual(Object.values(rooms));
  });

  test('of orion users are 22', () => {
    expect(new Set(orion.map(({ name }) => name)).size).toBe(22);
  });

  test('are pending once, and only where there is such a test', () => {
    const all: string[] = [...sso, ...orion.map(({ name }) => name)];
    const waiting: string[] = Object.values(pending).flat();
    expect(new Set(waiting).size).toBe(waiting.length);
    expect(waiting.filter((name) => !all.includes(name))).toEqual([]);
  });

  test('are counted in docs/moving.md', () => {
    const counted = textOf('docs/moving.md').match(/^Its own .* pending\.$/gm) ?? [];
    const people = orion.map(({ name }) => name);
    expect(counted).toEqual([
      `Its own ${sso.length} integration tests of version 0.10.2, written anew in \`tests/peers/sso\`: ${count(sso)}.`,
      `Its own ${people.length} tests over HTTP, written anew in \`tests/peers/orion\`: ${count(people)}.`,
    ]);
  });

  test('come across every difference that is named', () => {
    const text = files.map(textOf).join('\n');
    const unused = Object.keys(answers).filter((name) => !text.includes(`answers.${name}`));
    expect(unused).toEqual([]);
  });
});
