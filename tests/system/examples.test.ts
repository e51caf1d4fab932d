import { once } from 'node:events';
import type { Server } from 'node:http';
import { rekeyClient } from '@rekey/client';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { shop } from '../../examples/express/app.ts';
import { formServer } from '../../examples/html-form/server.ts';
import { POST as lock } from '../../examples/nextjs/app/api/account/route.ts';
import { POST as logIn } from '../../examples/nextjs/app/api/login/route.ts';
import { POST as changePassword } from '../../examples/nextjs/app/api/password/route.ts';
import { POST as signUp } from '../../examples/nextjs/app/api/sign-up/route.ts';
import { rig } from '../../packages/adapters-http/test/harness.ts';
import { purposes } from '../../packages/domain/src/index.ts';

const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' };
const NEW = 'battery staple';
const real = globalThis.fetch;
const BROWSER = 'Browser/1';
const COOKIE = /^\w+=[\w.-]+; .*HttpOnly/;

type Answer = { status: number; text: string; cookie: string; retryAfter: string | null };
type Send = (path: string, fields: Record<string, string>, cookie?: string) => Promise<Answer>;

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  text: await response.text(),
  cookie: response.headers.get('set-cookie') ?? '',
  retryAfter: response.headers.get('retry-after'),
});

const urlOf = (server: Server) => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
};

async function listening(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return urlOf(server);
}

const sendForm =
  (url: string): Send =>
  async (path, fields, cookie = '') =>
    answerOf(
      await fetch(`${url}${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { cookie, 'sec-fetch-site': 'same-origin', 'user-agent': BROWSER },
        redirect: 'manual',
      }),
    );

const routes: Record<string, (request: Request) => Promise<Response>> = {
  '/sign-up': signUp,
  '/login': logIn,
  '/password': changePassword,
  '/account': lock,
};
const sendJson: Send = async (path, fields, cookie = '') => {
  const headers = {
    cookie,
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'sec-fetch-site': 'same-origin',
    'user-agent': BROWSER,
  };
  const init = { method: 'POST', body: JSON.stringify(fields), headers };
  const handle = routes[path];
  if (!handle) throw new Error(`no handler of ${path}`);
  return answerOf(await handle(new Request(`http://shop.test${path}`, init)));
};

/** A Rekey that listens. */
async function aRekey() {
  const rekey = await rig({ options: { trustProxy: ['127.0.0.1'] } });
  await rekey.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await rekey.drain({ ms: 0 });
  });
  return { ...rekey, url: urlOf(rekey.app.server) };
}

async function aShop(name: string, url: string, key: string): Promise<Send> {
  if (name === 'express') {
    const app = shop(rekeyClient({ url, key }), { secure: true });
    return sendForm(await listening(app.listen(0, '127.0.0.1')));
  }
  vi.stubEnv('REKEY_URL', url);
  vi.stubEnv('REKEY_KEY', key);
  vi.stubEnv('NODE_ENV', 'production');
  return sendJson;
}

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe.each(['express', 'nextjs'])('the example for %s', (name) => {
  test('signs up, logs in, changes the password, and locks the account by the link', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    const signedUp = await send('/sign-up', ada);
    expect(signedUp.status).toBeLessThan(304);
    expect(signedUp.cookie).toMatch(COOKIE);
    expect(signedUp.cookie).toMatch(/; Secure/);
    expect(signedUp.cookie).toMatch(/; SameSite=Lax/);
    const [cookie] = signedUp.cookie.split(';');

    const change = { password: ada.password, new_password: NEW };
    expect((await send('/password', change)).status).toBe(401);
    const changed = await send('/password', change, cookie);
    expect(changed.status).toBeLessThan(304);
    expect(changed.cookie).toMatch(COOKIE);
    const changes = await rekey.json('GET', '/v1/audit?type=sso:AuthLocalUpdatePassword');
    const madeBy = { remote: '127.0.0.1', user_agent: BROWSER, outcome: 'success' };
    expect(changes.json().data).toEqual([expect.objectContaining(madeBy)]);
    expect((await send('/login', ada)).status).toBe(400);
    expect((await send('/login', { ...ada, password: NEW })).cookie).toMatch(COOKIE);

    const [token = ''] = await rekey.mailedTokens();
    expect(await send('/account', { token })).toMatchObject({
      status: 200,
      text: expect.stringContaining('locked'),
    });
    expect((await send('/account', { token })).status).toBe(400);
    expect((await send('/login', { ...ada, password: NEW })).status).toBe(400);
  });

  test('says which field is wrong and why, and how long to wait', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    const short = await send('/sign-up', { ...ada, password: 'short' });
    expect(short).toMatchObject({ status: 400, text: expect.stringContaining('password ') });

    const wrong = { ...ada, password: 'wrong horse' };
    const tries = [];
    for (let i = 0; i < 6; i += 1) tries.push(await send('/login', wrong));
    expect(tries.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 429]);
    expect(tries.at(-1)?.retryAfter).toMatch(/^\d+$/);
    expect(tries[0]?.retryAfter).toBeNull();
  });

  test('does not blame the user for a wrong service key', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, 'rks_wrong');
    const answer = await send('/login', ada);
    expect(answer).toMatchObject({ status: 500, text: expect.stringContaining('went wrong') });
    expect(JSON.stringify(vi.mocked(console.error).mock.calls)).not.toContain('rks_wrong');
  });

  test('passes on when Rekey is not available', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    const body = {
      type: 'about:blank',
      title: '',
      status: 503,
      detail: 'later',
      code: 'unavailable',
    };
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      if (!String(input).startsWith(rekey.url)) return real(input, init);
      const headers = { 'content-type': 'application/problem+json', 'retry-after': '5' };
      return new Response(JSON.stringify(body), { status: 503, headers });
    });
    expect(await send('/login', ada)).toMatchObject({ status: 503, retryAfter: '5' });
  });
});

test('the example for Express shows a button for the link, and acts only when it is pressed', async () => {
  const rekey = await aRekey();
  const app = shop(rekeyClient({ url: rekey.url, key: rekey.serviceKey }), { secure: false });
  const url = await listening(app.listen(0, '127.0.0.1'));
  for (const type of purposes) {
    const page = await fetch(`${url}/account?type=${type}&email=a&token=%22%3E%3Cb%3E`);
    const html = await page.text();
    expect(html).toContain('<form method="post" action="/account">');
    expect(html).not.toContain('"><b>');
  }
  expect((await fetch(`${url}/account?type=other`)).status).toBe(400);
  const foreign = { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } };
  expect((await fetch(`${url}/login`, foreign)).status).toBe(403);
});

test('the example of a plain form signs up, logs in, and changes the password', async () => {
  const rekey = await aRekey();
  const server = formServer(rekeyClient({ url: rekey.url }), { secure: true });
  const url = await listening(server.listen(0, '127.0.0.1'));
  const send = sendForm(url);
  expect(await (await fetch(url)).text()).toContain('<form method="post" action="/password">');
  expect((await send('/sign-up', ada)).text).toBe('Welcome, Ada. You can log in now.');
  const login = await send('/login', ada);
  expect(login.cookie).toMatch(/^token=[\w.-]+; HttpOnly; SameSite=Lax; Path=\/; Secure$/);
  const [cookie] = login.cookie.split(';');

  const change = { email: ada.email, password: ada.password, newPassword: NEW };
  expect((await send('/password', change)).status).toBe(401);
  expect(await send('/password', { ...change, newPassword: 'short' }, cookie)).toMatchObject({
    status: 400,
    text: expect.stringMatching(/^newPassword /),
  });
  expect((await send('/password', change, cookie)).status).toBe(200);
  expect((await send('/login', { ...ada, password: NEW })).status).toBe(200);
  expect(await rekey.mailedTokens()).toHaveLength(1);

  const wrong = { ...ada, password: 'wrong horse' };
  const statuses = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await send('/login', wrong)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  expect(
    (await fetch(`${url}/login`, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }))
      .status,
  ).toBe(403);
});
