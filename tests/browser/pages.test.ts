import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Behind, behind } from '../../packages/adapters-db/test/behind.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  aFreePort,
  afterAllTests,
  call,
  codeAt,
  createService,
  linkIn,
  type Mailbox,
  post,
  type Server,
  startMailbox,
  startServer,
} from '../harness.ts';
import { inspect, launch, noBrowser, open, PHONE } from './browser.ts';

const PASSWORD = 'correct horse';
const STEP_MS = 30_000;
const NEW_PASSWORD = 'battery staple seven';

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))('in a browser', () => {
  const atEnd = afterAllTests();
  let folder: string;
  let browser: Browser;
  let server: Server;
  let mailbox: Mailbox;
  let database: Behind;
  let complaints: string[];

  beforeAll(async () => {
    folder = aFolder(atEnd);
    mailbox = await startMailbox(0, undefined, atEnd);
    const port = String(await aFreePort());
    const starting = startServer(
      folder,
      {
        PORT: port,
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        SMTP_URL: mailbox.url,
        BRAND_NAME: 'Orchard',
        // Too light to be read on white as it is.
        BRAND_COLOR: '#2f9e44',
        THROTTLE_CHANGES_PER_HOUR: '1000',
      },
      undefined,
      atEnd,
    );
    [browser, server] = await Promise.all([launch(), starting]);
    atEnd(() => browser.close());
    database = await behind(`sqlite:${folder}/data/rekey.db`);
    atEnd(() => database.close());
  });

  /** Somebody who signed up, and what may be done in that name. */
  let people = 0;
  async function aPerson(locale = 'en', timezone = 'Etc/UTC') {
    people += 1;
    const email = `person-${people}@example.com`;
    const created = await send('POST', '/users/create', { name: 'Ada', email, password: PASSWORD });
    const { hash } = created.body;
    await database.run(
      `update users set locale = '${locale}', timezone = '${timezone}' where id = '${hash}'`,
    );
    const logIn = (password: string) => send('POST', '/users/login', { email, password });
    const change = async (token: string, password: string, newPassword: string) =>
      send('PUT', '/users/update/password', { email, password, newPassword }, token);
    return { id: hash as string, email, logIn, change };
  }

  /** Somebody with a second factor, and the code of it now. */
  async function anEnrolled() {
    const person = await aPerson();
    const claim = { email: person.email, password: PASSWORD };
    const shown = await call(server, 'POST', '/users/google/2FAuth/qrCode', {
      headers: { accept: 'application/json' },
      body: new URLSearchParams(claim),
    });
    const { secret } = shown.body;
    const code = codeAt(secret, Date.now() - STEP_MS);
    const confirmed = await send('POST', '/users/google/2FAuth/validate', { ...claim, code });
    expect(confirmed.status).toBe(200);
    return { ...person, codeAt: () => codeAt(secret, Date.now()) };
  }

  const send = (method: string, url: string, fields: Record<string, string>, token?: string) =>
    call(server, method, url, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      body: new URLSearchParams(fields),
    });

  /** The link of the mail that somebody gets who changes the password. */
  async function aLink(locale?: string, timezone?: string) {
    const person = await aPerson(locale, timezone);
    const { body } = await person.logIn(PASSWORD);
    await person.change(body.token, PASSWORD, NEW_PASSWORD);
    return { ...person, token: body.token as string, link: await linkOf(person.email) };
  }

  /** The link of the mail about what happened to an account, which was mailed about its address before. */
  async function linkOf(email: string): Promise<string> {
    for (let index = 0; ; index += 1) {
      const mail = await mailbox.mail(index);
      const isOurs = mail.recipients[0] === email && mail.text?.includes('/local?type=');
      if (isOurs) return linkIn(mail.text).href;
    }
  }

  async function visit(url: string, options?: BrowserContextOptions): Promise<Page> {
    const { page, complaints: found } = await open(browser, options);
    complaints = found;
    await page.goto(new URL(url, server.url).href);
    return page;
  }

  async function fillIn(
    page: Page,
    fields: { email: string; password: string; newPassword: string; code?: string },
  ) {
    for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
    await page.click('button');
  }

  const heading = (page: Page) => page.textContent('h1');

  test('a password changes by keyboard alone, a mail reports that, and its link locks the account', async () => {
    const { email, logIn, change } = await aPerson();
    const page = await visit('/.well-known/change-password');
    expect(page.url()).toBe(`${server.url}/local/change-password`);
    for (const text of [email, PASSWORD, NEW_PASSWORD]) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(text);
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=Your password is changed');
    await inspect(page, 'change-done');
    expect((await logIn(PASSWORD)).status).toBe(401);
    const thief = await logIn(NEW_PASSWORD);
    expect(thief.status).toBe(200);

    const link = await linkOf(email);
    expect(mailbox.mails.map(({ subject }) => subject)).toContain(
      'Your password at Orchard was changed',
    );
    const owner = await visit(link);
    // No entry of the history has a token in it.
    expect(owner.url()).toBe(`${server.url}/local/notice`);
    await owner.reload();
    expect(await heading(owner)).toBe('Was this you?');
    expect(await owner.textContent('dl')).toContain(email);
    await inspect(owner, 'link');
    // Seen twice, and nothing has happened.
    expect((await logIn(NEW_PASSWORD)).status).toBe(200);

    await owner.keyboard.press('Tab');
    await owner.keyboard.press('Enter');
    await owner.waitForSelector('text=Your account is locked');
    await inspect(owner, 'link-locked');
    expect((await logIn(NEW_PASSWORD)).status).toBe(401);
    expect((await change(thief.body.token, NEW_PASSWORD, PASSWORD)).status).toBe(401);
    expect(complaints).toEqual([]);

    await owner.goto(link);
    expect(await heading(owner)).toBe('Your account is locked');
    expect(await owner.textContent('.lead')).toMatch(/^It has been locked since /);
    await inspect(owner, 'link-used');
  });

  describe('the page for a new password', () => {
    const CHANGE = '/local/change-password';

    test('says how strong a password is while it is typed, shows it on request, and sends it nowhere', async () => {
      const page = await visit(CHANGE);
      const asked: string[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        // A browser asks for it when it likes.
        if (pathname !== '/local/icon.svg') asked.push(pathname);
      });
      const strength = page.locator('#strength p');
      await inspect(page, 'change');
      await page.fill('#email', 'orion@example.com');
      expect([asked, await strength.isVisible()]).toEqual([[], false]);

      const judged = async (password: string, expected: string) => {
        await page.fill('#newPassword', password);
        await page.waitForSelector(`#strength p:text-is("${expected}")`);
      };
      await judged('password1', 'Far too easy to guess');
      await judged('Orion2024', 'Easy to guess');
      await judged('tulip kite 47', 'Very hard to guess');
      await inspect(page, 'change-typing');
      await page.fill('#newPassword', '');
      expect(await strength.isVisible()).toBe(false);

      const types = () =>
        Promise.all(['#password', '#newPassword'].map((id) => page.getAttribute(id, 'type')));
      expect(await types()).toEqual(['password', 'password']);
      await page.check('#show');
      expect(await types()).toEqual(['text', 'text']);
      await page.uncheck('#show');
      expect(await types()).toEqual(['password', 'password']);
      expect(asked).toEqual(['/local/zxcvbn-core.js', '/local/zxcvbn-common.js']);
      expect(complaints).toEqual([]);
    });

    test('says what is wrong beside each field, in the language of the browser', async () => {
      const { email, logIn } = await aPerson();
      const page = await visit(CHANGE, { locale: 'de-AT', ...PHONE });
      await page.click('button');
      expect(await page.locator('.fault:visible').allTextContents()).toEqual(
        ['', '', ''].map(() => 'Bitte füllen Sie dieses Feld aus.'),
      );
      const focused = () => page.locator(':focus').getAttribute('id');
      expect(await focused()).toBe('email');

      await fillIn(page, { email, password: PASSWORD, newPassword: 'kurz' });
      await page.waitForSelector(
        '#newPassword-fault:text-is("Bitte verwenden Sie mindestens 8 Zeichen.")',
      );
      expect(await page.locator('.fault:visible').count()).toBe(1);
      expect([await focused(), await page.getAttribute('#newPassword', 'aria-invalid')]).toEqual([
        'newPassword',
        'true',
      ]);
      await inspect(page, 'change-refused-de');

      await fillIn(page, { email, password: PASSWORD, newPassword: PASSWORD });
      await page.waitForSelector('#newPassword-fault:has-text("Das ist Ihr aktuelles Passwort.")');
      expect((await logIn(PASSWORD)).status).toBe(200);
      expect(complaints).toEqual([]);
    });

    test('says that the password is wrong, that it was tried too often, and that no server answers', async () => {
      const { email } = await aPerson();
      const page = await visit(CHANGE);
      const fault = page.locator('#fault');
      const wrong = { email, password: 'not this one', newPassword: NEW_PASSWORD };
      const said: (string | null)[] = [];
      // Waits begin after five tries; on a slow machine the first ones are over before the next try.
      while (!said.at(-1)?.startsWith('That was tried too often.')) {
        await fillIn(page, wrong);
        await page.waitForSelector('button:enabled');
        said.push(await fault.textContent());
      }
      expect(said.pop()).toMatch(/Please try again in \d+ seconds?\.$/);
      expect(said.length).toBeGreaterThanOrEqual(5);
      expect(new Set(said)).toEqual(
        new Set(['The e-mail address or the current password is not right.']),
      );
      await inspect(page, 'change-wrong');
      await page.context().setOffline(true);
      await fillIn(page, wrong);
      await page.waitForSelector('#fault:has-text("No answer came.")');
      expect(complaints).toEqual([]);
    });

    test('lets the owner in from a browser that it knows, however often strangers tried', async () => {
      const { email, logIn } = await aPerson();
      const page = await visit(CHANGE);
      await fillIn(page, { email, password: PASSWORD, newPassword: NEW_PASSWORD });
      await page.waitForSelector('text=Your password is changed');
      expect(await page.context().cookies()).toEqual([
        expect.objectContaining({ name: 'rekey-device', httpOnly: true, sameSite: 'Strict' }),
      ]);
      expect(await page.evaluate('document.cookie')).toBe('');

      // What is left counts tries alone, and no mails.
      await database.run('delete from throttles');
      for (let i = 0; i < 5; i += 1) await logIn('not this one');
      // As many more as it takes for waits of hours.
      await database.run('update throttles set level = level + 1000 where level > 4');
      const change = { email, password: NEW_PASSWORD, newPassword: PASSWORD };
      const stranger = await visit(CHANGE);
      await fillIn(stranger, change);
      await stranger.waitForSelector('#fault:has-text("That was tried too often.")');
      expect(await stranger.textContent('#fault')).toMatch(/in [\d,]+ hours\.$/);
      await page.goto(stranger.url());
      await fillIn(page, change);
      await page.waitForSelector('text=Your password is changed');
      expect(complaints).toEqual([]);
      await database.run('delete from throttles');
    });

    test('serves a person who has to change the password, and gets no session before', async () => {
      const { id, email, logIn } = await aPerson();
      await database.run(`update users set password_require_update = 1 where id = '${id}'`);
      expect((await logIn(PASSWORD)).status).toBe(403);
      const page = await visit(CHANGE);
      await fillIn(page, { email, password: PASSWORD, newPassword: NEW_PASSWORD });
      await page.waitForSelector('text=Your password is changed');
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
      expect(complaints).toEqual([]);
    });

    test('hides the field of a code until the account asks for one, and keeps what was typed', async () => {
      const { email, codeAt, logIn } = await anEnrolled();
      const page = await visit(CHANGE);
      expect(await page.locator('#code').isVisible()).toBe(false);
      await fillIn(page, { email, password: PASSWORD, newPassword: NEW_PASSWORD });
      await page.waitForSelector('#code-fault:has-text("Your account takes a code as well.")');
      expect(await page.locator(':focus').getAttribute('id')).toBe('code');
      await inspect(page, 'change-code');
      await page.click('button');
      expect(await page.textContent('#code-fault')).toBe('Please fill this in.');
      await page.fill('#code', 'not a code');
      await page.click('button');
      await page.waitForSelector('#fault:has-text("or the code is not right")');
      await page.fill('#code', codeAt());
      await page.click('button');
      await page.waitForSelector('text=Your password is changed');
      expect((await logIn(NEW_PASSWORD)).body.requires2FA).toBe(true);
      expect(complaints).toEqual([]);
    });

    test('works on a phone without JavaScript, and asks for the code of whoever has a second factor', async () => {
      const { email, codeAt, logIn } = await anEnrolled();
      const page = await visit(CHANGE, { javaScriptEnabled: false, locale: 'es-ES', ...PHONE });
      const typed = { email, password: PASSWORD, newPassword: NEW_PASSWORD };
      const values = () =>
        Promise.all(
          ['email', 'password', 'newPassword', 'code'].map((id) => page.inputValue(`#${id}`)),
        );
      await fillIn(page, typed);
      expect(await page.textContent('#code-fault')).toBe(
        'Su cuenta pide también un código. Introdúzcalo.',
      );
      expect([page.url(), await values()]).toEqual([`${server.url}${CHANGE}`, ['', '', '', '']]);
      await fillIn(page, { ...typed, code: '000000' });
      const wrong = await page.content();
      expect(await page.textContent('#fault')).toContain('o el código no son correctos');
      await fillIn(page, { ...typed, password: 'not this one', code: codeAt() });
      expect(await page.content()).toBe(wrong);
      await fillIn(page, { ...typed, code: codeAt() });
      expect(await heading(page)).toBe('Su contraseña se ha cambiado');
      expect((await logIn(PASSWORD)).status).toBe(401);
      expect((await logIn(NEW_PASSWORD)).body.requires2FA).toBe(true);
      expect(await page.context().cookies()).toEqual([
        expect.objectContaining({ name: 'rekey-device', httpOnly: true, sameSite: 'Strict' }),
      ]);

      // As it looks without its script, where axe can run.
      const scriptless = await open(browser, { locale: 'es-ES' });
      await scriptless.context.route('**/change-password.js*', (route) => route.abort());
      await scriptless.page.goto(page.url());
      await inspect(scriptless.page, 'change-without-script-es');
      await fillIn(scriptless.page, { email: 'none', password: '', newPassword: '' });
      await inspect(scriptless.page, 'change-without-script-refused-es');
    });
  });

  describe('the page of a link', () => {
    test('works on a phone without JavaScript, in the language and the zone of the owner', async () => {
      const { link, logIn } = await aLink('ja', 'Asia/Tokyo');
      const page = await visit(link, { javaScriptEnabled: false, locale: 'de-DE', ...PHONE });
      expect(await page.getAttribute('html', 'lang')).toBe('ja');
      expect(await page.textContent('dl')).toMatch(/日時.*日本標準時/);
      const box = await page.locator('button').boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      await inspect(await visit(link, PHONE), 'link-ja');
      await page.click('button');
      expect(await heading(page)).toBe('アカウントをロックしました');
      expect((await logIn(NEW_PASSWORD)).status).toBe(401);
    });

    test('tells of a new key as it tells of a new password', async () => {
      // A service without a page of its own: Rekey hosts it.
      const { key } = await createService(folder);
      const email = 'keyed@example.com';
      const ada = { is_enabled: true, name: 'Ada', email };
      const { body } = await post(server, key.value, '/v1/user', ada);
      const { id } = body.data;
      const made = { is_enabled: true, type: 'KEY', name: 'script', user_id: id };
      expect((await post(server, key.value, '/v1/key', made)).status).toBe(200);

      const page = await visit(await linkOf(email));
      expect(await heading(page)).toBe('Was this you?');
      const text = await page.textContent('main');
      expect(text).toContain('Something that gets somebody into your account at Shop');
      expect(text).toContain('script (rku_');
      await inspect(page, 'link-key');
      await page.click('button');
      expect(await heading(page)).toBe('Your account is locked');
      await inspect(page, 'link-key-locked');
      expect(complaints).toEqual([]);
    });

    test('is calm once the link has expired, and equal to the page of an unknown link', async () => {
      const { link, id } = await aLink('de', 'Europe/Berlin');
      const page = await visit(link, { locale: 'de-DE', ...PHONE });
      await inspect(page, 'link-de');
      await database.run(`update one_time_tokens set expires_at = 1 where user_id = '${id}'`);
      await page.reload();
      expect(await heading(page)).toBe('Dieser Link gilt nicht mehr');
      await page.goto(link);
      expect(await page.locator('form').count()).toBe(0);
      await inspect(page, 'link-dead-de');
      const expired = await page.content();
      await page.goto(`${link}x`);
      expect(await page.content()).toBe(expired);
      expect(complaints).toEqual([]);
    });

    test('asks a browser that keeps no cookies to be opened once more', async () => {
      const { link } = await aLink();
      const page = await visit('/local/notice');
      expect(await heading(page)).toBe('Please open the link once more');
      await inspect(page, 'link-lost');
      await page.goto(link);
      expect(await heading(page)).toBe('Was this you?');
    });

    test('says that the button cannot work now, and that something is broken', async () => {
      const { link, logIn } = await aLink();
      const page = await visit(link);
      await database.run('begin immediate');
      await page.click('button');
      await page.waitForSelector('h1:text-is("Please try again in a moment")');
      await inspect(page, 'link-later');
      await database.run('rollback');
      await database.run('alter table one_time_tokens rename to elsewhere');
      await page.goto(link);
      expect(await heading(page)).toBe('Something went wrong');
      await inspect(page, 'link-broken');
      await database.run('alter table elsewhere rename to one_time_tokens');
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
      expect(complaints).toEqual([]);
    });

    test('is pressed by no other site', async () => {
      const { link, logIn } = await aLink();
      const token = new URL(link).searchParams.get('token');
      const page = await visit('/ping');
      await page.route('http://evil.example/', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<form method="post" action="${server.url}/local"><input name="token" value="${token}"><button>x</button></form>`,
        }),
      );
      await page.goto('http://evil.example/');
      await page.click('button');
      await page.waitForSelector('text=Please use the link in the mail');
      await inspect(page, 'link-foreign');
      expect((await logIn(NEW_PASSWORD)).status).toBe(200);
    });
  });
});
