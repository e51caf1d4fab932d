import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why tests in a browser are skipped; null where there is a browser, which CI has to have. */
export const noBrowser = existsSync(executablePath)
  ? null
  : `tests in a browser: there is none at ${executablePath}`;
if (noBrowser !== null && process.env.CI) throw new Error(noBrowser);

/** Debian's chromium, without anything that it would ask others for or share. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

const screenshots = path.join(import.meta.dirname, 'screenshots');
mkdirSync(screenshots, { recursive: true });

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** A page in a context of its own, and in `complaints` what the browser complains about: a policy, a script. */
export async function open(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({
    viewport: { width: 1100, height: 900 },
    locale: 'en-US',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Refusals are part of the story, and the browser notes each.
    const isNoted = /^Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !isNoted) complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** Finds nothing to complain about in what a page shows now, in light and dark; and takes its picture in both. */
export async function inspect(page: Page, name: string): Promise<void> {
  // By the debugger's door, which the policy of the page has no say in.
  await page.evaluate(axe);
  const rules = { light: '', dark: `{ runOnly: ['color-contrast'] }` };
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const file = path.join(screenshots, `${name}-${colorScheme}.png`);
    // In CI nobody looks.
    if (!process.env.CI) await page.screenshot({ path: file, fullPage: true });
    const run = `axe.run(${rules[colorScheme]})`;
    const { violations } = await page.evaluate<{ violations: Result[] }>(run);
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
    expect(found, `${name}, ${colorScheme}`).toEqual([]);
  }
  const excess = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect(await page.evaluate(excess), `${name} is wider than its window by`).toBe(0);
}

/** Gives a page an authenticator in the device, which verifies its owner. */
export async function withAuthenticator(page: Page) {
  const debug = await page.context().newCDPSession(page);
  await debug.send('WebAuthn.enable');
  const { authenticatorId } = await debug.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () =>
    (await debug.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return { credentials };
}
