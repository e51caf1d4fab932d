import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import MiniSearch from 'minisearch';
import { expect, test } from 'vitest';
import { buildSite } from '../docs/site/build.ts';
import type { SearchFile } from '../docs/site/search.ts';
import { aFolder } from './harness.ts';

const root = path.join(import.meta.dirname, '..');

test('the site has a page for each of ours, with a title, and every link and anchor leads somewhere', () => {
  const out = path.join(aFolder(), 'site');
  buildSite(root, out);
  const pages = globSync('**/*.html', { cwd: out });
  expect(pages).toEqual(expect.arrayContaining(['index.html', 'docs/index.html', 'docs/api.html']));

  const read = (page: string) => readFileSync(path.join(out, page), 'utf8');
  const broken = pages.flatMap((page) => {
    const html = read(page);
    expect(html).toMatch(/<title>[^<]+<\/title>/);
    // Its policy forbids what would stand in the page itself.
    expect(html).not.toMatch(/<script(?! src="[./]*site\.js")|style=| on\w+=/);
    return [...html.matchAll(/ (?:href|src)="([^"]+)"/g)].flatMap(([, href = '']) => {
      if (/^[a-z]+:/.test(href)) return [];
      const [target = '', anchor = ''] = href.split('#');
      const file = target === '' ? page : path.join(path.dirname(page), target);
      const isThere =
        existsSync(path.join(out, file)) &&
        (anchor === '' || read(file).includes(` id="${anchor}"`));
      return isThere ? [] : [`${page}: ${href}`];
    });
  });
  expect(broken).toEqual([]);
});

test('the search knows every section, by the place that its heading has', () => {
  const out = path.join(aFolder(), 'site');
  buildSite(root, out);
  const script = readFileSync(path.join(out, 'search-index.js'), 'utf8');
  const [, json = ''] = /^globalThis\.rekeySearch = (.*);\n$/.exec(script) ?? [];
  const { index, options }: SearchFile = JSON.parse(json);
  const search = MiniSearch.loadJS(index, options);
  const placesOf = (query: string) =>
    search.search(query, { combineWith: 'AND' }).map(({ href }) => href);
  expect(placesOf('rks_ leaked')).toContain('docs/operations.html#a-service-key-leaked');
  // Of a table, of a list, and of code.
  expect(placesOf('rekey_log_dropped_total')).toContain('docs/operations.html#metrics');
  expect(placesOf('dangerouslySetInnerHTML nowhere')).toEqual([]);
  const headings = globSync('**/*.html', { cwd: out }).flatMap((page) => {
    const html = readFileSync(path.join(out, page), 'utf8');
    const [, main = ''] = /<main[^>]*>(.*)<\/main>/s.exec(html) ?? [];
    return [...main.matchAll(/<h\d id/g)];
  });
  expect(search.documentCount).toBe(headings.length);
});

test('code is coloured when the site is built, whatever is in it, and a language without colours stops the build', () => {
  const folder = aFolder();
  mkdirSync(path.join(folder, 'docs'));
  const page = path.join(folder, 'docs/README.md');
  const out = path.join(folder, 'out');
  const text = '# Code\n\n```js\nconst a = "<b>&</b>";\n```\n\n```\n<i>&amp;\n```\n';
  writeFileSync(page, text);
  buildSite(folder, out);
  const html = readFileSync(path.join(out, 'docs/index.html'), 'utf8');
  expect(html).toContain('<span class="hljs-keyword">const</span>');
  expect(html).toContain('&lt;b&gt;&amp;&lt;/b&gt;');
  expect(html).toContain('&lt;i&gt;&amp;amp;');
  writeFileSync(page, '# Code\n\n```klingon\nx\n```\n');
  expect(() => buildSite(folder, out)).toThrow(
    'docs/README.md has code in a language without colours: klingon',
  );
});

test('a page with several parts lists them, and one with very many only the first kind', () => {
  const folder = aFolder();
  mkdirSync(path.join(folder, 'docs'));
  const contentsOf = (text: string) => {
    writeFileSync(path.join(folder, 'docs/README.md'), text);
    buildSite(folder, path.join(folder, 'out'));
    const html = readFileSync(path.join(folder, 'out/docs/index.html'), 'utf8');
    const [, list = ''] = /On this page<\/summary>(.*?)<\/ul>/s.exec(html) ?? [];
    return [...list.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  };
  expect(contentsOf('# A\n\n## B\n')).toEqual([]);
  expect(contentsOf('# A\n\n## B\n\n### `C` [d](#b)\n\n#### E\n\n## B\n')).toEqual([
    'b',
    'c-d',
    'b-1',
  ]);
  expect(contentsOf(`# A\n\n## B\n\n## C\n${'\n### D\n'.repeat(60)}`)).toEqual(['b', 'c']);
});

test('a link or an anchor that leads nowhere, and a page without a title, stop the build', () => {
  const folder = aFolder();
  mkdirSync(path.join(folder, 'docs'));
  writeFileSync(
    path.join(folder, 'docs/README.md'),
    '# Documentation\n\n## Start\n\n- [Bad](bad.md)\n',
  );
  writeFileSync(
    path.join(folder, 'docs/bad.md'),
    '[a](gone.md) [b](good.md#gone) [c](#gone) [d](good.md#not_found) [e](https://example.com)\n',
  );
  writeFileSync(path.join(folder, 'docs/good.md'), '# Good\n\n<a id="not_found"></a>\n');
  expect(() => buildSite(folder, path.join(folder, 'out'))).toThrow(
    /^docs\/bad\.md has no title\ndocs\/bad\.md links to docs\/gone\.html\ndocs\/bad\.md links to docs\/good\.html#gone\ndocs\/bad\.md links to docs\/bad\.html#gone$/,
  );
  expect(existsSync(path.join(folder, 'out'))).toBe(false);
});
