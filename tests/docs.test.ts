import { existsSync } from 'node:fs';
import path from 'node:path';
import { lexer, type Token, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import { world } from '../packages/usecases/testing/index.ts';
import { isTest, literal, type Node, parse, root, sourcesOf, textOf, visit } from './sources.ts';

/** The rows of every table below a heading, as the tokens of their cells. */
function rowsIn(file: string, heading: string): Token[][][] {
  const tokens = lexer(textOf(file));
  const start = tokens.findIndex((token) => token.type === 'heading' && token.text === heading);
  const { depth = 0 } = (tokens[start] ?? {}) as Partial<Tokens.Heading>;
  const end = tokens.findIndex(
    (token, index) => index > start && token.type === 'heading' && token.depth <= depth,
  );
  if (start < 0) throw new Error(`${file} has no heading ${heading}`);
  return tokens
    .slice(start + 1, end < 0 ? undefined : end)
    .filter((token): token is Tokens.Table => token.type === 'table')
    .flatMap(({ rows }) => rows.map((row) => row.map((cell) => cell.tokens)));
}

/** The names in code that a cell has. */
const codesIn = (cell: Token[] = []): string[] =>
  cell.filter((token) => token.type === 'codespan').map((token) => (token as Tokens.Codespan).text);

/** The names in the first cell of every row of the tables below a heading. */
const namesIn = (file: string, heading: string): string[] =>
  rowsIn(file, heading).flatMap(([first]) => codesIn(first));

/** The messages of all calls of `log` in the sources of some folders. */
function messagesIn(folders: string[]): string[] {
  const found = new Set<string>();
  for (const file of folders.flatMap(sourcesOf).filter((each) => !isTest(each))) {
    visit(parse(file, textOf(file)).program, (node) => {
      if (node.type !== 'CallExpression') return;
      const { object } = node.callee as { object?: { name?: string } };
      const message = literal((node.arguments as Node[]).at(-1));
      if (object?.name === 'log' && message !== undefined) found.add(message);
    });
  }
  return [...found];
}

/** The titles of all tests in a file. */
function titlesIn(file: string): string[] {
  const found: string[] = [];
  visit(parse(file, textOf(file)).program, (node) => {
    if (node.type !== 'CallExpression') return;
    const title = literal((node.arguments as Node[])[0]);
    if (title !== undefined && ['test', 'it'].includes(rootOf(node.callee))) found.push(title);
  });
  return found;
}

/** The name that a chain such as `test.skipIf(…).each(…)` begins with. */
function rootOf(node: unknown): string {
  const { name, object, callee } = node as { name?: string; object?: unknown; callee?: unknown };
  return name ?? rootOf(object ?? callee ?? { name: '' });
}

/** The operation of every route, which has the name of its use case. */
const operations = Object.values<Record<string, { operationId: string }>>(
  JSON.parse(textOf('packages/adapters-http/openapi.json')).paths,
).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));

describe('the documentation', () => {
  test('explains every line that the server logs, and no other', () => {
    const logged = messagesIn(['apps/server/src', 'packages/adapters-http/src']);
    expect(logged.length).toBeGreaterThan(15);
    expect(namesIn('docs/operations.md', 'Log').sort()).toEqual(logged.sort());
  });

  test.each(Object.entries(world().useCases))(
    'has a page of the room %s, and every use case there or in the reference of the API',
    (room, useCases) => {
      const page = `docs/use-cases/${room}.md`;
      const unnamed = Object.entries(useCases)
        .filter(([operation]) => !operations.includes(operation))
        .map(([, useCase]) => `\`${useCase.constructor.name}\``)
        .filter((name) => !textOf(page).includes(name));
      expect(unnamed, `${page} does not name ${unnamed.join(', ')}`).toEqual([]);
      expect(textOf('docs/use-cases/README.md')).toContain(`](${room}.md)`);
    },
  );

  test('leads from alerts to runbooks, by the names that the alerts have', () => {
    const alerts = [...textOf('docs/monitoring/alerts.yaml').matchAll(/alert: (\w+)/g)].map(
      ([, name = '']) => name,
    );
    const named = textOf('docs/operations.md').match(/\bRekey[A-Z]\w+/g) ?? [];
    expect(new Set(named).size).toBeGreaterThan(5);
    expect(alerts).toEqual(expect.arrayContaining(named));
  });

  test('names tests for every promise, and each of them is there', () => {
    const promises = rowsIn('docs/threat-model.md', 'What is promised, and what shows it');
    const named = promises.flatMap(([name, , , shown = []]) => {
      let file = '';
      return shown.flatMap((token) => {
        if (token.type === 'codespan') file = token.text;
        const titles = token.type === 'text' ? token.raw.matchAll(/"([^"]+)"/g) : [];
        const promise = name?.map(({ raw }) => raw).join('');
        return [...titles].map(([, title = '']) => ({ promise, file, title }));
      });
    });
    const numbers = [...new Set(named.map(({ promise }) => Number(promise?.slice(1))))];
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers).toHaveLength(promises.length);
    expect(numbers.length).toBeGreaterThan(16);
    // A title that is read in another way than it is written would be believed.
    expect(named).toHaveLength(textOf('docs/threat-model.md').match(/"[^"]+"/g)?.length ?? 0);
    const gone = named.filter(
      ({ file, title }) => !existsSync(path.join(root, file)) || !titlesIn(file).includes(title),
    );
    expect(gone).toEqual([]);
  });
});
