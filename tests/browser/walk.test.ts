import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, rig } from '../../packages/adapters-http/test/harness.ts';
import type { NoticeKind } from '../../packages/domain/src/index.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFreePort } from '../harness.ts';
import { inspect, launch, noBrowser, open } from './browser.ts';

const FIRST = 'correct horse one';
const OWN = 'battery staple seven';
const LAST = 'tulip kite forty seven';
const ADDRESS = 'ada@example.com';
const NEW_ADDRESS = 'ada.lovelace@example.org';
const THIEF = 'thief@evil.example';

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))('an account, in a browser', () => {
  let browser: Browser;
  let server: Rig;
  let base: string;

  beforeAll(async () => {
    const port = await aFreePort();
    base = `http://127.0.0.1:${port}`;
    server = await rig({
      settings: { publicUrl: base, usersRecovery: 'owner' },
      options: { publicUrl: base, brandName: 'Orchard' },
    });
    browser = await launch();
    await server.app.listen({ port, host: '127.0.0.1' });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.app.close();
  });

  /** The latest mail of a kind to an address. */
  async function mailed(kind: NoticeKind, to: string): Promise<string> {
    await server.mailedTokens();
    const mails = server.channels.mail.sent.filter((mail) => mail.kind === kind && mail.to === to);
    const link = mails.at(-1)?.link;
    if (link === undefined) throw new Error(`no mail ${kind} to ${to}`);
    return link;
  }

  const logIn = (email: string, password: string) =>
    server.form('POST', '/users/login', { email, password });

  async function moveTo(email: string, newEmail: string, password: string) {
    const token = (await logIn(email, password)).json().token;
    const headers = { authorization: `Bearer ${token}` };
    const moved = await server.form('PUT', '/users/update/email', { email, newEmail }, headers);
    expect(moved.statusCode).toBe(200);
  }

  const press = async (page: Page, expected: string) => {
    await page.click('main form button');
    expect(await page.textContent('h1')).toBe(expected);
  };

  test('is made, proven, forgotten, moved, robbed, locked and given back', async () => {
    const { page, complaints } = await open(browser);
    const person = { name: 'Ada', email: ADDRESS, password: FIRST };
    expect((await server.form('POST', '/users/create', person)).statusCode).toBe(200);

    await page.goto(await mailed('validate_email', ADDRESS));
    await press(page, 'Your address is confirmed');
    expect((await logIn(ADDRESS, FIRST)).json().user.emailValid).toBe(true);

    await page.goto(`${base}/local/change-password`);
    await page.click('text=Forgot your password?');
    await page.fill('#email', ADDRESS);
    await press(page, 'Please look into your mailbox');
    await page.goto(await mailed('reset_password', ADDRESS));
    await page.fill('#password', OWN);
    await press(page, 'Your new password is set');
    expect((await logIn(ADDRESS, FIRST)).statusCode).toBe(401);

    await moveTo(ADDRESS, NEW_ADDRESS, OWN);
    await page.goto(await mailed('validate_email', NEW_ADDRESS));
    await press(page, 'Your address is confirmed');

    // Somebody has the password.
    await moveTo(NEW_ADDRESS, THIEF, OWN);
    await page.goto(await mailed('update_email', NEW_ADDRESS));
    expect(await page.textContent('dl')).toContain('t***@evil.example');
    await press(page, 'Your account is locked');
    for (const email of [THIEF, NEW_ADDRESS]) {
      expect((await logIn(email, OWN)).statusCode).toBe(401);
    }

    await press(page, 'A mail is on its way');
    await page.goto(await mailed('recover', ADDRESS));
    await page.fill('#password', OWN);
    await page.click('main form button');
    expect(await page.textContent('#password-fault')).toMatch(/^You had this password before/);
    await inspect(page, 'link-recover-refused');
    await page.fill('#password', LAST);
    await press(page, 'Your account is open again');
    const back = await logIn(ADDRESS, LAST);
    expect(back.statusCode).toBe(200);
    expect(back.json().user).toMatchObject({ email: ADDRESS, name: 'Ada' });
    expect(complaints).toEqual([]);
  });
});
