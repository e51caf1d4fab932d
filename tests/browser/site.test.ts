import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildSite } from '../../docs/site/build.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, afterAllTests } from '../harness.ts';
import { inspect, launch, noBrowser, open, PHONE } from './browser.ts';

const root = path.join(import.meta.dirname, '../..');

describe.skipIf(skips(noBrowser !== null, noBrowser ?? ''))('the documentation as a site', () => {
  const atEnd = afterAllTests();
  let browser: Browser;
  let site: string;
  beforeAll(async () => {
    browser = await launch();
    atEnd(() => browser.close());
    site = path.join(aFolder(atEnd), 'site');
    buildSite(root, site);
  });

  /** Opens a page as a file: nothing is asked of a network, and nothing is served. */
  async function visit(place: string, options: BrowserContextOptions = {}) {
    const opened = await open(browser, { offline: true, ...options });
    await opened.page.goto(`${pathToFileURL(path.join(site, place))}`);
    return opened;
  }

  test.each(['index.html', 'docs/performance.html', 'docs/guides/json.html'])(
    'reads well on a desk and on a phone, light and dark: %s',
    async (place) => {
      const name = `site-${place.replaceAll(/\W/g, '-')}`;
      const { page, complaints, context } = await visit(place);
      expect(complaints).toEqual([]);
      await inspect(page, name);
      await context.close();
      const phone = await visit(place, PHONE);
      await inspect(phone.page, `${name}-phone`);
      await phone.context.close();
    },
  );

  test.each([true, false])(
    'folds its navigation and the contents of the page on a phone, with a script or without one: %s',
    async (javaScriptEnabled) => {
      const { page, context } = await visit('docs/operations.html', {
        ...PHONE,
        javaScriptEnabled,
      });
      for (const [summary, name] of [
        ['Contents', 'Kubernetes'],
        ['On this page', 'The key file leaked'],
      ] as const) {
        const list = page.getByRole('navigation').filter({ hasText: summary });
        const link = list.getByRole('link', { name, exact: true });
        expect(await link.isVisible()).toBe(false);
        await list.getByText(summary, { exact: true }).click();
        expect(await link.isVisible()).toBe(true);
      }
      await page.getByRole('link', { name: 'Kubernetes', exact: true }).first().click();
      await page.waitForURL(/docs\/kubernetes\.html$/);
      await context.close();
    },
  );

  test.each([true, false])(
    'shows both where there is room, with a script or without one: %s',
    async (javaScriptEnabled) => {
      const viewport = { width: 1400, height: 900 };
      const { page, context } = await visit('docs/operations.html', {
        viewport,
        javaScriptEnabled,
      });
      expect(await page.getByRole('link', { name: 'Operations', exact: true }).isVisible()).toBe(
        true,
      );
      const [own] = await page.locator('[aria-current="page"]').all();
      expect(await own?.textContent()).toBe('Operations');
      await page.getByRole('link', { name: 'The key file leaked', exact: true }).first().click();
      expect(page.url()).toMatch(/#the-key-file-leaked$/);
      await context.close();
    },
  );

  test('finds a word wherever it stands, and takes the reader there', async () => {
    const { page, complaints, context } = await visit('docs/use-cases/keys.html');
    await page.keyboard.press('/');
    await page.keyboard.type('keyring prun');
    const hits = page.getByRole('search').getByRole('link');
    await hits.first().waitFor();
    expect(await page.getByRole('status').textContent()).toMatch(/found$/);
    await page.getByRole('searchbox').fill('the database is gone');
    await page.getByRole('status').filter({ hasText: 'found' }).waitFor();
    await hits
      .filter({ hasText: /^The database is gone/ })
      .first()
      .click();
    await page.waitForURL(/docs\/operations\.html#the-database-is-gone$/);
    await page.getByRole('searchbox').fill('zzzzzz');
    await page.getByText('Nothing found').waitFor();
    expect(complaints).toEqual([]);
    await page.getByRole('searchbox').fill('mail');
    await hits.first().waitFor();
    await inspect(page, 'site-search');
    await context.close();
  });

  test('copies code, and has the search and the buttons only where they work', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { page, context } = await visit('docs/operations.html', { permissions });
    const block = page.locator('.code').filter({ hasText: 'keyring prune --ending' });
    await block.hover();
    await block.getByRole('button', { name: 'Copy' }).click();
    await block.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'rekey keyring prune --ending signing encryption link device throttle --yes\nrekey keyring list\nrekey audit verify',
    );
    await context.close();
    const plain = await visit('docs/operations.html', { javaScriptEnabled: false });
    expect(await plain.page.getByRole('button').count()).toBe(0);
    expect(await plain.page.getByRole('searchbox').isVisible()).toBe(false);
    await plain.context.close();
  });

  test('gives words of code their colours', async () => {
    const { page, context } = await visit('docs/guides/json.html');
    const colours = await page.evaluate(
      `new Set([...document.querySelectorAll('.code code, .code span')].map((each) => getComputedStyle(each).color)).size`,
    );
    expect(colours).toBeGreaterThan(3);
    await context.close();
  });
});
