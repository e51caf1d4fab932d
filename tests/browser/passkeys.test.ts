import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, afterAllTests, startServer } from '../harness.ts';
import { inspect, launch, noBrowser, open, PHONE, withAuthenticator } from './browser.ts';

const PASSWORD = 'correct horse one';
const EMAIL = 'ada@example.com';

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))('passkeys, in a browser', () => {
  const atEnd = afterAllTests();
  let browser: Browser;
  let base: string;

  beforeAll(async () => {
    const port = await aFreePort();
    // Browsers have passkeys at names alone, and not at addresses.
    base = `http://localhost:${port}`;
    const settings = { PORT: String(port), PUBLIC_URL: base, BRAND_NAME: 'Orchard' };
    const starting = startServer(aFolder(atEnd), settings, undefined, atEnd);
    [browser] = await Promise.all([launch(), starting]);
    atEnd(() => browser.close());
  });

  test('are made after a login, log in by themselves, and are removed', async () => {
    await fetch(`${base}/users/create`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'Ada', email: EMAIL, password: PASSWORD }),
    });
    const { page, context, complaints } = await open(browser, PHONE);
    const { credentials } = await withAuthenticator(page);
    const press = async (name: string, news: RegExp) => {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByText(news).waitFor();
    };

    await page.goto(`${base}/local/passkeys`);
    await inspect(page, 'passkeys-enter');
    await page.fill('#email', EMAIL);
    await page.fill('#password', 'not this one');
    await press('Sign in', /^The e-mail address or the password is not right/);
    await page.fill('#password', PASSWORD);
    await press('Sign in', /^You are signed in as ada@example.com/);
    await page.fill('#deviceName', 'My laptop');
    await press('Add a passkey', /^The passkey was added/);
    await inspect(page, 'passkeys-own');
    const [made] = await credentials();
    expect(made).toMatchObject({ isResidentCredential: true, rpId: 'localhost' });
    // The same device has no second one for the account.
    await press('Add a passkey', /^Nothing was done/);
    expect(await page.locator('#list li').allTextContents()).toEqual([
      'My laptop · never used so far Remove My laptop',
    ]);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    await press('Sign in with a passkey', /^You are signed in as ada@example.com/);
    expect(await page.locator('#list li').textContent()).toMatch(/used last on/);

    await press('Remove My laptop', /^The passkey was removed/);
    expect(await page.locator('#list li').count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await press('Sign in with a passkey', /^This passkey does not sign you in here/);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
