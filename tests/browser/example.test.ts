import { expect, onTestFinished, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, createService, startExample, startServer } from '../harness.ts';
import { launch, noBrowser, open, withAuthenticator } from './browser.ts';

test.skipIf(skips(noBrowser !== null, `${noBrowser}`))(
  'the shop in Express makes a passkey in a browser, and signs in with it',
  async () => {
    const folder = aFolder();
    const port = await aFreePort();
    // Browsers have passkeys at names alone, and not at addresses.
    const shop = `http://localhost:${port}`;
    const rekey = await startServer(folder, {
      TRUST_PROXY: '127.0.0.1,::1',
      WEBAUTHN_ORIGINS: shop,
    });
    const { key } = await createService(folder);
    const env = { PORT: String(port), REKEY_URL: rekey.url, REKEY_KEY: key.value };
    const [browser] = await Promise.all([launch(), startExample('express', env)]);
    onTestFinished(() => browser.close());
    const { page, complaints } = await open(browser);
    const { credentials } = await withAuthenticator(page);
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

    await page.goto(shop);
    await press('Sign in with a passkey');
    await page.getByText('Nothing was done.').waitFor();
    const signUp = page.locator('form[action="/sign-up"]');
    await signUp.getByLabel('Name').fill('Ada');
    await signUp.getByLabel('E-mail').fill('ada@example.com');
    await signUp.getByLabel('Password').fill('correct horse');
    await press('Sign up');
    await page.getByRole('link', { name: 'Security' }).click();
    await page.locator('form[action="/passkeys"]').getByLabel('Name').fill('Laptop');
    await press('Add a passkey');
    await page.getByRole('cell', { name: 'Laptop' }).waitFor();
    expect(await credentials()).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);
    // The device has one already.
    await press('Add a passkey');
    await page.getByText('Nothing was done.').waitFor();

    await press('Set up an app');
    await page.getByRole('img', { name: 'QR code' }).waitFor();
    await page.evaluate('document.images[0].decode()');

    await page.goto(shop);
    await press('Log out');
    await press('Sign in with a passkey');
    await page.getByText('Hello, Ada.').waitFor();
    expect(complaints).toEqual([]);
  },
);
