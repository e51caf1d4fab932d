import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name]) => name);

describe('the documentation', () => {
  test('has every line that the server logs', () => {
    const source = globSync('{apps/server,packages/adapters-http}/src/**/*.ts', { cwd: root })
      .filter((file) => !file.endsWith('.test.ts'))
      .map(read)
      .join('');
    const logged = matches(source, /\blog(?:\.\w+|\[\w+\(\w+\)\])\((?:[^'`]*, )?'([a-z ]+)'\)/g);
    expect(logged.length).toBeGreaterThan(8);
    const table = read('docs/operations.md').match(/\n## Log\n.*?\n## /s)?.[0] ?? '';
    const rows = matches(table, /^\| ((?:`[a-z ]+`(?:, )?)+) \| [\d, ]+ \|/gm);
    const explained = rows.flatMap((row) => matches(row ?? '', /`([a-z ]+)`/g));
    expect(explained.sort()).toEqual([...new Set(logged)].sort());
  });

  test('has a page for every use case', () => {
    const pages = globSync('docs/use-cases/*.md', { cwd: root }).map((file) => read(file));
    const classes = globSync('packages/usecases/src/*.ts', { cwd: root })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) => matches(read(file), /^export class (\w+) \{/gm));
    expect(classes.length).toBeGreaterThan(10);
    const missing = classes.filter((name) => !pages.some((page) => page.includes(`\`${name}\``)));
    expect(missing).toEqual([]);
  });

  test('links to what is there', () => {
    const files = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
    expect(files.length).toBeGreaterThan(10);
    const broken = files.flatMap((file) =>
      matches(read(file), /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)
        .filter((target) => !existsSync(path.join(root, path.dirname(file), target ?? '')))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('names a test for every promise, and each is there', () => {
    const rows = read('docs/threat-model.md')
      .split('\n')
      .filter((line) => /^\| P\d+ \|/.test(line));
    expect(rows.map((row) => row.split(' ')[1])).toEqual(
      Array.from({ length: 17 }, (_, index) => `P${index + 1}`),
    );
    const named = rows.flatMap((row) =>
      [...row.matchAll(/`([^`]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
        ([, file = '', titles = '']) =>
          matches(titles, /"([^"]+)"/g).map((title = '') => ({
            row: row.slice(2, 5),
            file,
            title,
          })),
      ),
    );
    expect(new Set(named.map(({ row }) => row)).size).toBe(17);
    // A title that the pattern passes over would be believed.
    expect(named).toHaveLength(rows.join().match(/"[^"]+"/g)?.length ?? 0);
    const isTitle = (source: string, title: string) =>
      source.replaceAll(/\(\s+/g, '(').includes(`('${title}',`);
    const gone = named.filter(
      ({ file, title }) => !existsSync(path.join(root, file)) || !isTitle(read(file), title),
    );
    expect(gone).toEqual([]);
  });
});
