import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { buildSite } from '../docs/site/build.ts';
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
    expect(html).not.toMatch(/<script|style=/);
    return [...html.matchAll(/ href="([^"]+)"/g)].flatMap(([, href = '']) => {
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
