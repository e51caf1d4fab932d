import { execFile, type StdioOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { POST as deleteKey } from '../../examples/nextjs/app/api/keys/delete/route.ts';
import { POST as rotateKey } from '../../examples/nextjs/app/api/keys/rotate/route.ts';
import { POST as makeKey } from '../../examples/nextjs/app/api/keys/route.ts';
import { POST as logIn } from '../../examples/nextjs/app/api/login/route.ts';
import { POST as logOut } from '../../examples/nextjs/app/api/logout/route.ts';
import { GET as listOrders } from '../../examples/nextjs/app/api/orders/route.ts';
import { POST as changePassword } from '../../examples/nextjs/app/api/password/route.ts';
import { POST as changeProfile } from '../../examples/nextjs/app/api/profile/route.ts';
import { POST as endSession } from '../../examples/nextjs/app/api/sessions/end/route.ts';
import { POST as signUp } from '../../examples/nextjs/app/api/sign-up/route.ts';
import { authenticator } from '../../packages/adapters-webauthn/test/authenticator.ts';
import { type Mischief, skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  call,
  codeAt,
  createService,
  lineOf,
  runCli,
  startExample,
  startServer,
} from '../harness.ts';

const root = path.join(import.meta.dirname, '../..');
const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' };
/** Where people find the shop. */
const ORIGIN = 'https://shop.example';

type Fields = Readonly<Record<string, string>>;
type Site = {
  post(path: string, fields: Fields, headers: Record<string, string>): Promise<Response>;
  get(path: string, headers: Record<string, string>): Promise<Response>;
};

/** A real Rekey, and a service of it. */
async function aRekey() {
  const folder = aFolder();
  const server = await startServer(folder, {
    TRUST_PROXY: '127.0.0.1,::1',
    WEBAUTHN_ORIGINS: ORIGIN,
  });
  const { key } = await createService(folder);
  const ask = async (route: string) =>
    (await call(server, 'GET', route, { headers: { authorization: key.value } })).body;
  const cli = async (...args: string[]) => {
    const { stdout } = await runCli(folder, [...args, '--json']);
    return JSON.parse(stdout);
  };
  return { url: server.url, key: key.value, ask, cli };
}

const formSite = (url: string): Site => ({
  post: (path, fields, headers) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
      redirect: 'manual',
    }),
  get: (path, headers) => fetch(`${url}${path}`, { headers, redirect: 'manual' }),
});

const handlers: Record<string, (request: Request) => Promise<Response>> = {
  '/sign-up': signUp,
  '/login': logIn,
  '/logout': logOut,
  '/password': changePassword,
  '/profile': changeProfile,
  '/sessions/end': endSession,
  '/keys': makeKey,
  '/keys/rotate': rotateKey,
  '/keys/delete': deleteKey,
  '/orders': listOrders,
};
const asked = (path: string, init: RequestInit): Promise<Response> => {
  const handle = handlers[path];
  if (!handle) throw new Error(`no handler of ${path}`);
  return handle(new Request(`http://shop.test${path}`, init));
};
const handlerSite: Site = {
  post: (path, fields, headers) => {
    const body = JSON.stringify(fields);
    const type = { 'content-type': 'application/json', 'content-length': String(body.length) };
    return asked(path, { method: 'POST', body, headers: { ...headers, ...type } });
  },
  get: (path, headers) => asked(path.replace('/api', ''), { headers }),
};

async function aShop(name: string, { url, key }: { url: string; key: string }): Promise<Site> {
  const env = { REKEY_URL: url, REKEY_KEY: key, NODE_ENV: 'production' };
  if (name === 'express') return formSite(await startExample(name, { ...env, ORIGIN }));
  for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
  return handlerSite;
}

/** A browser, which keeps cookies and says where a form comes from. */
function aBrowser(site: Site, program = 'Browser/1', cookies: Iterable<[string, string]> = []) {
  const jar = new Map(cookies);
  const headers = () => ({
    cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    'sec-fetch-site': 'same-origin',
    'user-agent': program,
  });
  const read = async (response: Response) => {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return { status: response.status, text: await response.text() };
  };
  return {
    jar,
    send: async (path: string, fields: Fields = {}) =>
      read(await site.post(path, fields, headers())),
    open: async (path: string) => read(await site.get(path, headers())),
  };
}

const DONE = [200, 303];
const isIn = async (browser: ReturnType<typeof aBrowser>) =>
  (await browser.send('/profile', { name: 'Ada', locale: 'en' })).status !== 401;

test.each(['express', 'nextjs'])(
  'the shop in %s logs out this device, or all of them, at Rekey, and the user logs in again',
  async (name) => {
    const rekey = await aRekey();
    const site = await aShop(name, rekey);
    const [laptop, phone, tablet] = ['Laptop/1', 'Phone/1', 'Tablet/1'].map((each) =>
      aBrowser(site, each),
    ) as [ReturnType<typeof aBrowser>, ReturnType<typeof aBrowser>, ReturnType<typeof aBrowser>];
    expect(DONE).toContain((await laptop.send('/sign-up', ada)).status);
    for (const each of [phone, tablet]) await each.send('/login', ada);
    const copy = aBrowser(site, 'Thief/1', laptop.jar);
    expect(await isIn(copy)).toBe(true);

    expect(DONE).toContain((await laptop.send('/logout')).status);
    // The device stays known for the next login.
    expect([...laptop.jar.keys()]).toEqual(['__Host-device']);
    expect(await isIn(copy)).toBe(false);
    expect(await isIn(phone)).toBe(true);

    expect(DONE).toContain((await phone.send('/logout', { all: 'true' })).status);
    expect(await isIn(tablet)).toBe(false);
    // Whoever has no session any more is logged out as well.
    expect(DONE).toContain((await tablet.send('/logout')).status);
    expect([...tablet.jar.keys()]).toEqual(['__Host-device']);

    expect(DONE).toContain((await laptop.send('/login', ada)).status);
    expect(await isIn(laptop)).toBe(true);
    const keys = await rekey.ask('/v1/key?type=TOKEN');
    expect(keys.data).toHaveLength(1);
  },
);

test.each(['express', 'nextjs'])(
  'the shop in %s lets a user in who had to change the password first',
  async (name) => {
    const rekey = await aRekey();
    const browser = aBrowser(await aShop(name, rekey));
    await browser.send('/sign-up', ada);
    await browser.send('/logout');
    await rekey.cli('user', 'update', ada.email, '--require-update', 'true');
    expect((await browser.send('/login', ada)).status).toBe(403);
    const change = { ...ada, new_password: 'battery staple' };
    expect(DONE).toContain((await browser.send('/password', change)).status);
    expect(await isIn(browser)).toBe(true);
  },
);

test.each(['express', 'nextjs'])(
  'the shop in %s changes name, language and attributes, and the audit names the user',
  async (name) => {
    const rekey = await aRekey();
    const browser = aBrowser(await aShop(name, rekey));
    const change = { name: 'Ada <b>', locale: 'de', newsletter: 'true' };
    expect((await browser.send('/profile', change)).status).toBe(401);
    await browser.send('/sign-up', ada);
    expect(DONE).toContain((await browser.send('/profile', change)).status);
    const { user } = await rekey.cli('user', 'show', ada.email);
    expect(user).toMatchObject({ name: 'Ada <b>', locale: 'de', attributes: { newsletter: true } });
    const [entry] = (await rekey.ask('/v1/audit?type=sso:UserUpdate')).data;
    expect(entry).toMatchObject({ user_id: user.id, user_key_id: expect.any(String) });

    const refused = await browser.send('/profile', { ...change, locale: 'x' });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('locale ') });
    if (name === 'express') {
      const page = await browser.open('/profile');
      expect(page.text).toContain('value="Ada &#60;b&#62;"');
      expect(page.text).toContain('value="true" checked');
    }
  },
);

test.each(['express', 'nextjs'])(
  'the shop in %s lists the devices of a user and signs out one, and none of somebody else',
  async (name) => {
    const rekey = await aRekey();
    const site = await aShop(name, rekey);
    const [laptop, phone] = [aBrowser(site, 'Laptop/1'), aBrowser(site, '<i>Phone/1')];
    const stranger = aBrowser(site);
    await laptop.send('/sign-up', ada);
    await phone.send('/login', ada);
    await stranger.send('/sign-up', { ...ada, email: 'eve@example.com' });
    const { data } = await rekey.ask('/v1/session');
    const idOf = (program: string) =>
      data.find((each: { user_agent: string }) => each.user_agent === program).id;
    if (name === 'express') {
      const { text } = await laptop.open('/sessions');
      expect(text).toContain('Laptop/1 (this one)');
      expect(text).toContain('<td>&#60;i&#62;Phone/1</td>');
      expect(text.match(/action="\/sessions\/end"/g)).toHaveLength(2);
    }

    await stranger.send('/sessions/end', { id: idOf('Laptop/1') });
    expect(await isIn(laptop)).toBe(true);
    expect(DONE).toContain((await laptop.send('/sessions/end', { id: idOf('<i>Phone/1') })).status);
    expect([await isIn(laptop), await isIn(phone), await isIn(stranger)]).toEqual([
      true,
      false,
      true,
    ]);
  },
);

test.each(['express', 'nextjs'])(
  'the shop in %s makes, lists, replaces and deletes API keys, and its API takes them by their scopes',
  async (name) => {
    const rekey = await aRekey();
    const site = await aShop(name, rekey);
    const browser = aBrowser(site);
    const stranger = aBrowser(site);
    const orders = async (key: string) => {
      const response = await site.get('/api/orders', { authorization: `Bearer ${key}` });
      return [response.status, response.headers.get('www-authenticate')];
    };
    const valueIn = (text: string) => /rku_[\w-]+/.exec(text)?.[0] ?? '';
    await browser.send('/sign-up', ada);
    await stranger.send('/sign-up', { ...ada, email: 'eve@example.com' });

    const scope = name === 'express' ? { scopes: 'orders:read' } : { 'orders:read': 'true' };
    const once = crypto.randomUUID();
    const made = await browser.send('/keys', { name: 'backup', ...scope, once });
    expect(made.status).toBe(200);
    // A form that is sent twice makes one key.
    expect(valueIn((await browser.send('/keys', { name: 'backup', ...scope, once })).text)).toBe(
      valueIn(made.text),
    );
    const bare = valueIn((await browser.send('/keys', { name: 'no rights' })).text);
    expect(await orders(valueIn(made.text))).toEqual([200, null]);
    expect(await orders(bare)).toEqual([403, null]);
    for (const wrong of ['', 'rku_wrong']) expect(await orders(wrong)).toEqual([401, 'Bearer']);

    const { data } = await rekey.ask('/v1/key?type=KEY');
    const own = data.filter((each: { user_id: string | null }) => each.user_id !== null);
    expect(own.map((each: { name: string }) => each.name)).toEqual(['backup', 'no rights']);
    const [{ id, prefix }] = own;
    if (name === 'express') {
      const page = await browser.open('/keys');
      expect(page.text).toContain(`<td>rku_${prefix}…</td>`);
      expect(page.text).not.toContain(valueIn(made.text));
      expect((await stranger.open('/keys')).text).not.toContain(prefix);
    }

    for (const path of ['/keys/rotate', '/keys/delete']) await stranger.send(path, { id });
    expect(await orders(valueIn(made.text))).toEqual([200, null]);
    const rotated = valueIn((await browser.send('/keys/rotate', { id })).text);
    // The old value has a day.
    for (const value of [rotated, valueIn(made.text)]) {
      expect(await orders(value)).toEqual([200, null]);
    }
    expect(DONE).toContain((await browser.send('/keys/delete', { id })).status);
    for (const value of [rotated, valueIn(made.text)]) {
      expect(await orders(value)).toEqual([401, 'Bearer']);
    }
    const past = await browser.send('/keys', { name: 'late', expires: '2001-01-01' });
    expect(past).toMatchObject({ status: 400, text: expect.stringContaining('expires_at ') });
  },
);

/** What an app and a person read on a page that shows a seed, or recovery codes. */
const seedIn = (text: string) => /<code>([A-Z2-7]{32})<\/code>/.exec(text)?.[1] ?? '';
const recoveryCodesIn = (text: string) => text.match(/\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b/g) ?? [];
const STEP_MS = 30_000;
const WRONG = { status: 400, text: expect.stringContaining('This code is not right') };

type Browser = ReturnType<typeof aBrowser>;

/** Somebody of the shop in Express who has an authenticator app. */
async function withApp() {
  const browser = aBrowser(await aShop('express', await aRekey()));
  await browser.send('/sign-up', ada);
  const app = await setUp(browser);
  /** Logs out, shows the password, and then a code. */
  const logIn = async () => {
    await browser.send('/logout');
    const asked = await browser.send('/login', ada);
    expect([asked.status, await isIn(browser)]).toEqual([403, false]);
    const [, challenge = ''] = /name="challenge" value="([^"]+)"/.exec(asked.text) ?? [];
    return (code: string) => browser.send('/login/factor', { challenge, code });
  };
  return { browser, logIn, ...app };
}

/** Sets up an app, where there may be one whose code is shown. */
async function setUp(browser: Browser, code = '') {
  const shown = await browser.send('/authenticator', { code });
  expect(shown.text).toContain('<img src="data:image/png;base64,iVBOR');
  const [seed, at] = [seedIn(shown.text), Date.now()];
  expect(await browser.send('/authenticator/confirm', { code: 'no code' })).toMatchObject(WRONG);
  const spent = codeAt(seed, at);
  const confirmed = await browser.send('/authenticator/confirm', { code: spent });
  const recoveryCodes = recoveryCodesIn(confirmed.text);
  expect(recoveryCodes).toHaveLength(10);
  return { spent, next: codeAt(seed, at + STEP_MS), recoveryCodes };
}

test('the shop in Express takes the password and a code of the app, or a recovery code, each once', async () => {
  const { browser, logIn, spent, next, recoveryCodes } = await withApp();
  const [first = '', second = ''] = recoveryCodes;
  let show = await logIn();
  for (const wrong of ['no code', spent]) expect(await show(wrong)).toMatchObject(WRONG);
  expect(await isIn(browser)).toBe(false);
  expect((await show(next)).status).toBe(303);
  expect(await isIn(browser)).toBe(true);

  show = await logIn();
  expect((await show(first)).status).toBe(303);
  expect(await isIn(browser)).toBe(true);
  show = await logIn();
  expect(await show(first)).toMatchObject(WRONG);
  expect((await show(` ${second} `)).status).toBe(303);
});

test('the shop in Express replaces an app, renews recovery codes and removes the app with a code alone', async () => {
  const { browser, logIn, next, recoveryCodes } = await withApp();
  expect((await browser.send('/authenticator')).status).toBe(400);
  const { recoveryCodes: others, ...app } = await setUp(browser, next);
  // Those from before went with the app.
  const show = await logIn();
  for (const old of recoveryCodes.slice(0, 2)) expect(await show(old)).toMatchObject(WRONG);
  expect((await show(app.next)).status).toBe(303);

  const [spent = '', old = ''] = others;
  const renewed = await browser.send('/authenticator/recovery-codes', { code: spent });
  const [fresh = '', ...more] = recoveryCodesIn(renewed.text);
  expect(more).toHaveLength(9);
  for (const code of ['', old]) {
    expect((await browser.send('/authenticator/remove', { code })).status).toBe(400);
  }
  expect((await browser.send('/authenticator/remove', { code: fresh })).status).toBe(303);
  await browser.send('/logout');
  expect((await browser.send('/login', ada)).status).toBe(303);
});

test('the shop in Express adds a passkey, which logs in without a password or a code, and removes it', async () => {
  const { browser } = await withApp();
  const device = authenticator(ORIGIN);
  const ask = async (path: string) => JSON.parse((await browser.send(`${path}/options`)).text);
  const add = async (mischief?: Mischief) => {
    const response = JSON.stringify(await device.create(await ask('/passkeys'), mischief));
    return browser.send('/passkeys', { name: '<b>Phone', response });
  };
  expect((await browser.send('/passkeys', { response: 'any text' })).status).toBe(400);
  expect((await add({ origin: 'https://evil.example' })).status).toBe(400);
  expect((await add()).status).toBe(303);
  const { text } = await browser.open('/security');
  expect(text).toContain('<td>&#60;b&#62;Phone</td>');
  const [, id = ''] = /name="id" value="([^"]+)"/.exec(text) ?? [];

  await browser.send('/logout');
  const shown = async (mischief?: Mischief) =>
    JSON.stringify(await device.get(await ask('/login/passkey'), mischief));
  const enter = (response: string) => browser.send('/login/passkey', { response });
  for (const wrong of ['any text', await shown({ isForged: true })]) {
    expect([(await enter(wrong)).status, await isIn(browser)]).toEqual([400, false]);
  }
  const good = await shown();
  expect([(await enter(good)).status, await isIn(browser)]).toEqual([303, true]);
  await browser.send('/logout');
  expect([(await enter(good)).status, await isIn(browser)]).toEqual([400, false]);

  await enter(await shown());
  expect((await browser.send('/passkeys/remove', { id })).status).toBe(303);
  expect((await browser.open('/security')).text).not.toContain('Phone');
  expect((await enter(await shown())).status).toBe(400);
});

const nextjs = path.join(root, 'examples/nextjs');
const next = path.join(nextjs, 'node_modules/next/dist/bin/next');

test.skipIf(skips(!existsSync(next), 'Next.js is not installed in examples/nextjs'))(
  'the shop in Next.js is built, and its pages show the user, the devices and the keys',
  { timeout: 600_000 },
  async () => {
    const rekey = await aRekey();
    const env = { PATH: process.env.PATH, REKEY_URL: rekey.url, REKEY_KEY: rekey.key };
    const options = { cwd: nextjs, env: { ...env, NODE_ENV: 'production' } as const };
    await promisify(execFile)(process.execPath, [next, 'build'], options);
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [next, 'start', '-p', '0'], { ...options, stdio });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const url = await lineOf(child, /http:\/\/localhost:\d+/);
    const browser = aBrowser({
      get: (path, headers) => fetch(`${url}${path}`, { headers, redirect: 'manual' }),
      post: (path, fields, headers) =>
        fetch(`${url}/api${path}`, {
          method: 'POST',
          body: JSON.stringify(fields),
          headers: { ...headers, 'content-type': 'application/json' },
        }),
    });
    for (const path of ['/profile', '/sessions', '/keys']) {
      expect((await browser.open(path)).status).toBe(307);
    }
    expect((await browser.open('/')).text).toContain('Log in');
    const link = '/account?type=recover&email=a%40b.example&token=x';
    const elsewhere = await fetch(`${url}${link}`, { redirect: 'manual' });
    expect(elsewhere.headers.get('location')).toBe(
      'http://localhost:8042/local?type=recover&email=a%40b.example&token=x',
    );
    expect((await browser.open(link.replace('recover', 'update_password'))).text).toContain(
      'lock my account',
    );
    expect((await browser.send('/sign-up', ada)).status).toBe(200);
    await browser.send('/profile', { name: '<b>Ada', locale: 'en' });
    expect((await browser.open('/')).text).toContain('&lt;b&gt;Ada');
    expect((await browser.open('/profile')).text).toContain('ada@example.com');
    expect((await browser.open('/sessions')).text).toContain('(this one)');
    const made = await browser.send('/keys', { name: 'backup' });
    const [value = ''] = /rku_[\w-]+/.exec(made.text) ?? [];
    const { text } = await browser.open('/keys');
    expect(text).toContain(value.slice('rku_'.length, 12));
    expect(text).not.toContain(value);
    expect((await browser.send('/logout')).status).toBe(200);
    expect((await browser.open('/keys')).status).toBe(307);
  },
);

test('the plain form signs up, looks after the account, signs devices out, and deletes it', async () => {
  const NEW = 'battery staple';
  const { url } = await aRekey();
  const site = formSite(
    await startExample('html-form', { REKEY_URL: url, NODE_ENV: 'production' }),
  );
  const [laptop, phone] = [aBrowser(site, 'Laptop/1'), aBrowser(site, '<i>Phone/1')];
  expect((await laptop.open('/')).text).toContain('<form method="post" action="/password">');
  expect((await laptop.send('/sign-up', ada)).text).toBe('Welcome, Ada. You can log in now.');
  expect(await laptop.open('/account')).toEqual({ status: 401, text: 'Please log in first.' });
  expect((await laptop.send('/login', ada)).text).toBe('Hello, Ada.');
  expect((await phone.send('/login', ada)).status).toBe(200);
  expect([...phone.jar.keys()]).toEqual(['__Host-token', '__Host-device']);

  const account = await laptop.open('/account');
  expect(account.text).toContain('<p>ada@example.com</p>');
  expect(account.text).toMatch(/Laptop\/1, [\d.]+, since \S+ \(this one\)/);
  expect(account.text).toContain('&#60;i&#62;Phone/1, ');
  const [, other = ''] = /&#60;i&#62;Phone.*?name="id" value="([^"]+)"/s.exec(account.text) ?? [];
  expect((await laptop.send('/sessions/end', { id: other })).status).toBe(200);
  expect((await phone.open('/account')).status).toBe(401);

  expect((await laptop.send('/name', { name: 'Lovelace' })).text).toBe('Hello, Lovelace.');
  const change = { email: ada.email, password: ada.password, newPassword: NEW };
  expect((await phone.send('/password', change)).status).toBe(401);
  expect(await laptop.send('/password', { ...change, newPassword: 'short' })).toMatchObject({
    status: 400,
    text: expect.stringMatching(/^newPassword /),
  });
  expect((await laptop.send('/password', change)).status).toBe(200);
  // The link of the mail works for a week, and nobody deletes past it.
  const deletion = { email: ada.email, password: NEW };
  expect((await laptop.send('/delete', deletion)).status).toBe(400);

  await phone.send('/login', deletion);
  expect((await phone.send('/logout', { all: 'true' })).text).toBe('You are logged out.');
  for (const each of [laptop, phone]) expect((await each.open('/account')).status).toBe(401);
  expect((await laptop.send('/logout')).text).toBe('You are logged out.');
  expect([...laptop.jar.keys()]).toEqual(['__Host-device']);

  const bob = { ...ada, email: 'bob@example.com' };
  await laptop.send('/sign-up', bob);
  await laptop.send('/login', bob);
  expect(await laptop.send('/delete', bob)).toMatchObject({
    status: 200,
    text: 'Your account is deleted.',
  });
  expect((await laptop.send('/login', bob)).status).toBe(401);
});
