import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  aFreePort,
  afterAllTests,
  call,
  codeAt,
  linkIn,
  type Mailbox,
  type Server,
  startMailbox,
  startServer,
} from '../harness.ts';
import { inspect, launch, noBrowser, open, PHONE, withAuthenticator } from './browser.ts';

const STEP_MS = 30_000;
const EMAIL = 'ada@example.com';
const FIRST = 'correct horse one';
const SECOND = 'battery staple seven';
const LAST = 'tulip kite forty seven';

/** The page of a front end: people enrol at pages of their service, for Rekey hosts none for that. */
const FRONT_END = `<!doctype html><html lang="en"><title>A front end</title>
<form action="/users/google/2FAuth/qrCode"><input name="email"><input name="password"><button>Show</button></form>
<form action="/users/google/2FAuth/validate"><input name="email"><input name="code"><button>Confirm</button></form>
<form action="/users/2fa/recoveryCodes"><input name="code"><button>Recovery codes</button></form>
<output></output>
<script type="module">
let token = '';
for (const form of document.forms) form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const headers = { accept: 'application/json', ...(token && { authorization: 'Bearer ' + token }) };
  const body = new URLSearchParams(new FormData(form));
  const answer = await (await fetch(form.action, { method: 'POST', headers, body })).json();
  token = answer.token ?? token;
  document.querySelector('output').textContent = JSON.stringify(answer);
});
</script>`;

/** An app for one-time codes. It shows each once. */
function anApp(seed: string): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor(Date.now() / STEP_MS) - 1);
    return codeAt(seed, last * STEP_MS);
  };
}

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))('second factors, in a browser', () => {
  const atEnd = afterAllTests();
  let browser: Browser;
  let server: Server;
  let mailbox: Mailbox;
  let base: string;

  beforeAll(async () => {
    const port = await aFreePort();
    // Browsers have passkeys at names alone, and not at addresses.
    base = `http://localhost:${port}`;
    mailbox = await startMailbox(0, undefined, atEnd);
    const settings = { PORT: String(port), PUBLIC_URL: base, SMTP_URL: mailbox.url };
    const starting = startServer(aFolder(atEnd), settings, undefined, atEnd);
    [browser, server] = await Promise.all([launch(), starting]);
    atEnd(() => browser.close());
  });

  const form = (path: string, fields: Record<string, string>) =>
    call(server, 'POST', `/users/${path}`, { body: new URLSearchParams(fields) });

  /** The link of the first mail of that type. */
  async function linkOf(type: string): Promise<string> {
    for (let index = 0; ; index += 1) {
      const link = linkIn((await mailbox.mail(index)).text);
      if (type === (link.searchParams.get('type') ?? 'validate_email')) return link.href;
    }
  }

  /** Presses a button of a page without scripts, or one that sends its form. */
  const press = async (page: Page, name: string, heading: string) => {
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForSelector(`h1:text-is("${heading}")`);
  };

  /** What a person does at the page of the passkeys, which logs in. */
  function atPasskeys(page: Page) {
    const act = async (name: string, news: RegExp) => {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByText(news).waitFor();
    };
    return {
      act,
      welcome: /^You are signed in as ada@example.com/,
      leave: () => act('Sign out', /^Or with your password/),
      enter: async (password: string, news: RegExp) => {
        await page.goto(`${base}/local/passkeys`);
        await page.fill('#email', EMAIL);
        await page.fill('#password', password);
        await act('Sign in', news);
      },
      showCode: async (code: string, news: RegExp) => {
        await page.fill('#code', code);
        await act('Sign in', news);
      },
    };
  }

  test('are enrolled, let their owner in each in its way, and are taken from a thief by the link that gives the owner the account back', async () => {
    await form('create', { name: 'Ada', email: EMAIL, password: FIRST });
    const { page, complaints } = await open(browser);
    await page.goto(await linkOf('validate_email'));
    await press(page, 'Confirm my address', 'Your address is confirmed');

    await page.route(`${base}/account`, (route) =>
      route.fulfill({ contentType: 'text/html', body: FRONT_END }),
    );
    await page.goto(`${base}/account`);
    const submit = async (button: string, fields: Record<string, string>, shows: string) => {
      const sent = page.locator('form', {
        has: page.getByRole('button', { name: button, exact: true }),
      });
      for (const [name, value] of Object.entries(fields)) {
        await sent.locator(`[name=${name}]`).fill(value);
      }
      await sent.getByRole('button').click();
      return JSON.parse((await page.locator(`output:has-text('"${shows}"')`).textContent()) ?? '');
    };
    const shown = await submit('Show', { email: EMAIL, password: FIRST }, 'secret');
    const app = anApp(shown.secret);
    const { user } = await submit('Confirm', { email: EMAIL, code: app() }, 'using2FA');
    expect(user).toMatchObject({ using2FA: true, require2FAForBasicLogin: true });
    const { codes } = await submit('Recovery codes', { code: app() }, 'codes');
    expect(codes).toHaveLength(10);
    expect(await linkOf('factor_change')).toContain(`${base}/local?type=factor_change`);

    const phone = await open(browser, PHONE);
    const inPhone = await withAuthenticator(phone.page);
    const owner = atPasskeys(phone.page);
    await owner.enter(FIRST, /^Code of your app, or a recovery code/);
    await inspect(phone.page, 'passkeys-code');
    await owner.showCode('000000', /^The code is not right/);
    await owner.showCode(app(), owner.welcome);
    await phone.page.fill('#deviceName', 'My phone');
    await owner.act('Add a passkey', /^The passkey was added/);
    expect(await inPhone.credentials()).toHaveLength(1);
    await owner.leave();

    await owner.enter(FIRST, /^Code of your app, or a recovery code/);
    await owner.showCode(codes[0], owner.welcome);
    await owner.leave();
    await owner.enter(FIRST, /^Code of your app, or a recovery code/);
    await owner.showCode(codes[0], /^The code is not right/);
    await phone.page.goto(`${base}/local/passkeys`);
    await owner.act('Sign in with a passkey', owner.welcome);

    // The phone is stolen while somebody is logged in there, and the recovery codes with it.
    const thief = owner;
    await page.goto(`${base}/local/forgot-password`);
    await page.fill('#email', EMAIL);
    await press(page, 'Send me the link', 'Please look into your mailbox');
    await page.goto(await linkOf('reset_password'));
    await page.fill('#password', SECOND);
    await page.click('main form button');
    await page.waitForSelector('h1:text-is("Your new password is set")');
    // A new password is no way around the factor, and ends no passkey.
    const robbed = atPasskeys(page);
    await robbed.enter(SECOND, /^Code of your app, or a recovery code/);
    await phone.page.goto(`${base}/local/passkeys`);
    await thief.act('Sign in with a passkey', thief.welcome);

    await page.goto(await linkOf('reset_password_confirm'));
    await press(page, 'This wasn’t me: lock my account', 'Your account is locked');
    await thief.act('Add a passkey', /^No passkey can be added now/);
    await phone.page.goto(`${base}/local/passkeys`);
    await thief.act('Sign in with a passkey', /^This passkey does not sign you in here/);
    for (const password of [FIRST, SECOND]) {
      await thief.enter(password, /^The e-mail address or the password is not right/);
    }

    await press(page, 'Get my account back', 'A mail is on its way');
    await page.goto(await linkOf('recover'));
    await page.fill('#password', LAST);
    await page.click('main form button');
    await page.waitForSelector('h1:text-is("Your account is open again")');
    const inNewPhone = await withAuthenticator(page);
    await robbed.enter(LAST, robbed.welcome);
    expect(await page.locator('#list li').count()).toBe(0);
    await robbed.act('Add a passkey', /^The passkey was added/);
    expect(await inNewPhone.credentials()).toHaveLength(1);
    await phone.page.goto(`${base}/local/passkeys`);
    await thief.act('Sign in with a passkey', /^This passkey does not sign you in here/);
    expect((await form('login', { email: EMAIL, password: LAST })).body).toMatchObject({
      requires2FA: false,
      user: { using2FA: false },
    });
    expect([...complaints, ...phone.complaints]).toEqual([]);
  });
});
