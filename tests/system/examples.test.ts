import { once } from 'node:events';
import type { Server } from 'node:http';
import { rekeyClient } from '@rekey/client';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { shop } from '../../examples/express/app.ts';
import { formServer } from '../../examples/html-form/server.ts';
import { POST as lock } from '../../examples/nextjs/app/api/account/route.ts';
import { POST as deleteKey } from '../../examples/nextjs/app/api/keys/delete/route.ts';
import { POST as rotateKey } from '../../examples/nextjs/app/api/keys/rotate/route.ts';
import { POST as makeKey } from '../../examples/nextjs/app/api/keys/route.ts';
import { POST as logIn } from '../../examples/nextjs/app/api/login/route.ts';
import { POST as logOut } from '../../examples/nextjs/app/api/logout/route.ts';
import { POST as changePassword } from '../../examples/nextjs/app/api/password/route.ts';
import { POST as changeProfile } from '../../examples/nextjs/app/api/profile/route.ts';
import { POST as endSession } from '../../examples/nextjs/app/api/sessions/end/route.ts';
import { POST as signUp } from '../../examples/nextjs/app/api/sign-up/route.ts';
import { rig } from '../../packages/adapters-http/test/harness.ts';

const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' };
const NEW = 'battery staple';
const real = globalThis.fetch;
const BROWSER = 'Browser/1';
const hostedPage = 'https://rekey.example/local';
const origin = 'https://rekey.example';
const FORM = 'application/x-www-form-urlencoded';

type Answer = { status: number; text: string; cookies: string[]; retryAfter: string | null };
type Send = (
  path: string,
  fields: Record<string, string>,
  cookie?: string,
  headers?: Record<string, string>,
) => Promise<Answer>;

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  text: await response.text(),
  cookies: response.headers.getSetCookie(),
  retryAfter: response.headers.get('retry-after'),
});

/** What a browser sends along from then on. */
const jarOf = ({ cookies }: Answer) => cookies.map((each) => each.split(';')[0]).join('; ');
const LOGGED_IN = [expect.stringMatching(/^__Host-access=[\w.-]+; /), expect.anything()];

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
  async (path, fields, cookie = '', more = {}) =>
    answerOf(
      await fetch(`${url}${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { cookie, 'sec-fetch-site': 'same-origin', 'user-agent': BROWSER, ...more },
        redirect: 'manual',
      }),
    );

const routes: Record<string, (request: Request) => Promise<Response>> = {
  '/sign-up': signUp,
  '/login': logIn,
  '/logout': logOut,
  '/password': changePassword,
  '/profile': changeProfile,
  '/sessions/end': endSession,
  '/keys': makeKey,
  '/keys/rotate': rotateKey,
  '/keys/delete': deleteKey,
  '/account': lock,
};
const posts = Object.keys(routes);
const sendJson: Send = async (path, fields, cookie = '', more = {}) => {
  const body = JSON.stringify(fields);
  const headers = {
    cookie,
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'x-seen': '203.0.113.7',
    'sec-fetch-site': 'same-origin',
    'user-agent': BROWSER,
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...more,
  };
  const init = { method: 'POST', body, headers };
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
    const app = shop(rekeyClient({ url, key }), { secure: true, origin, hostedPage });
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
    expect(signedUp.cookies).toHaveLength(2);
    expect(signedUp.cookies).toEqual([
      expect.stringMatching(/^__Host-access=/),
      expect.stringMatching(/^__Host-device=.*; Max-Age=7776000/),
    ]);
    for (const each of signedUp.cookies) {
      expect(each).toMatch(/; HttpOnly/);
      expect(each).toMatch(/; Secure/);
      expect(each).toMatch(/; SameSite=Lax/);
      expect(each).toMatch(/; Path=\/(?:;|$)/);
    }
    const cookie = jarOf(signedUp);

    const change = { password: ada.password, new_password: NEW };
    expect((await send('/password', change)).status).toBe(401);
    const changed = await send('/password', change, cookie);
    expect(changed.status).toBeLessThan(304);
    expect(changed.cookies).toEqual(LOGGED_IN);
    const changes = await rekey.json('GET', '/v1/audit?type=sso:AuthLocalUpdatePassword');
    const madeBy = { remote: '127.0.0.1', user_agent: BROWSER, outcome: 'success' };
    expect(changes.json().data).toEqual([expect.objectContaining(madeBy)]);
    expect((await send('/login', ada)).status).toBe(400);
    expect((await send('/login', { ...ada, password: NEW })).cookies).toEqual(LOGGED_IN);

    const [token = ''] = await rekey.mailedTokens();
    expect(await send('/account', { token })).toMatchObject({
      status: 200,
      text: expect.stringContaining('locked'),
    });
    expect((await send('/account', { token })).status).toBe(400);
    expect((await send('/login', { ...ada, password: NEW })).status).toBe(400);
  });

  test('tells Rekey no address that anybody can have written', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    await send('/sign-up', ada, '', { 'x-forwarded-for': '203.0.113.9' });
    await send('/login', ada, '', { 'x-forwarded-for': '203.0.113.9' });
    const logins = await rekey.json('GET', '/v1/audit?type=sso:AuthLocalLogin');
    const remotes = logins.json().data.map(({ remote }: { remote: string }) => remote);
    expect(remotes).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  test('is sent no form by another site', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    const before = rekey.commits();
    for (const path of posts) {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none', origin: 'https://evil.example' },
        { 'sec-fetch-site': 'same-origin', origin: 'null' },
      ]) {
        expect([path, (await send(path, ada, '', headers)).status]).toEqual([path, 403]);
      }
    }
    expect(rekey.commits()).toBe(before);
  });

  test('reads no body that is larger than 16 KiB', async () => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    expect((await send('/login', { ...ada, password: 'x'.repeat(17_000) })).status).toBe(413);
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
  const app = shop(rekeyClient({ url: rekey.url, key: rekey.serviceKey }), {
    secure: false,
    origin,
    hostedPage,
  });
  const url = await listening(app.listen(0, '127.0.0.1'));
  for (const type of ['update_password', 'factor_change']) {
    const link = `${url}/account?type=${type}&email=a&token=%22%3E%3Cb%3E`;
    const opened = await fetch(link, { redirect: 'manual' });
    // Nothing of the token stays in the address bar.
    expect([opened.status, opened.headers.get('location')]).toEqual([303, `/account/${type}`]);
    const cookie = opened.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^link=[^;]+; Max-Age=600; Path=\/;.* HttpOnly; SameSite=Lax$/);
    const page = await fetch(`${url}/account/${type}`, { headers: { cookie } });
    const html = await page.text();
    expect(html).toContain('<form method="post" action="/account">');
    expect(html).not.toContain('"><b>');
    expect((await fetch(`${url}/account/${type}`)).status).toBe(400);
  }
  const other = await fetch(`${url}/account?type=recover&token=x`, { redirect: 'manual' });
  expect(other.status).toBe(303);
  expect(other.headers.get('location')).toBe(`${hostedPage}?type=recover&token=x`);
  expect((await fetch(`${url}/account?token=x`)).status).toBe(400);
  expect((await fetch(`${url}/account?type=update_password`)).status).toBe(400);
});

test.each(['express', 'nextjs'])(
  'the example for %s lets an owner in from a known device, however often strangers tried',
  async (name) => {
    const rekey = await aRekey();
    const send = await aShop(name, rekey.url, rekey.serviceKey);
    const known = jarOf(await send('/sign-up', ada));
    for (let i = 0; i < 5; i += 1) await send('/login', { ...ada, password: 'wrong horse' });
    expect((await send('/login', ada)).status).toBe(429);
    expect((await send('/login', ada, known)).cookies).toEqual(LOGGED_IN);
    const change = { password: ada.password, new_password: NEW };
    expect((await send('/password', change, known)).cookies).toEqual(LOGGED_IN);
  },
);

test('the example for Express changes how a person signs in only ten minutes after a proof at most', async () => {
  const rekey = await aRekey();
  const app = shop(rekeyClient({ url: rekey.url, key: rekey.serviceKey }), {
    secure: true,
    origin,
    hostedPage,
  });
  const url = await listening(app.listen(0, '127.0.0.1'));
  const send = sendForm(url);
  const cookie = jarOf(await send('/sign-up', ada));
  const look = async (cookie: string) => {
    const response = await fetch(`${url}/security`, { headers: { cookie } });
    return [response.status, await response.text()];
  };
  expect(await look(cookie)).toEqual([200, expect.stringContaining('Add a passkey')]);

  rekey.clock.set(rekey.clock.now() + 601_000);
  const asked = [403, expect.stringContaining('action="/prove"')];
  expect(await look(cookie)).toEqual(asked);
  const before = rekey.commits();
  for (const path of [
    ...['/authenticator', '/authenticator/confirm'],
    ...['/authenticator/recovery-codes', '/authenticator/remove'],
    ...['/passkeys/options', '/passkeys', '/passkeys/remove'],
  ]) {
    const { status, text } = await send(path, {}, cookie);
    expect([path, status, text]).toEqual([path, ...asked]);
  }
  expect(rekey.commits()).toBe(before);
  expect((await send('/prove', { password: 'wrong horse' }, cookie)).status).toBe(400);
  expect(await look(cookie)).toEqual(asked);
  const proven = await send('/prove', { password: ada.password }, cookie);
  expect(proven.status).toBe(303);
  // The session is fresh, whichever of its tokens is shown.
  for (const each of [cookie, jarOf(proven)]) expect((await look(each))[0]).toBe(200);
});

test('the example for Next.js tells the address that its proxy is said to have seen', async () => {
  const rekey = await aRekey();
  const send = await aShop('nextjs', rekey.url, rekey.serviceKey);
  vi.stubEnv('ADDRESS_HEADER', 'x-seen');
  await send('/sign-up', ada);
  const [login] = (await rekey.json('GET', '/v1/audit?type=sso:AuthLocalLogin')).json().data;
  expect(login.remote).toBe('203.0.113.7');
});

/** What a browser is told with every page, whatever its status. */
const guards = {
  'content-security-policy': expect.stringMatching(/(?:^|; )frame-ancestors 'none'/),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': expect.stringMatching(/^(?:same-origin|no-referrer)$/),
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

describe.each(['express', 'html-form'])('every answer of the example %s', (name) => {
  const start = async () => {
    const rekey = await aRekey();
    const client = rekeyClient({ url: rekey.url, key: rekey.serviceKey });
    const server = (name === 'express' ? shop : formServer)(client, {
      secure: true,
      origin,
      hostedPage,
    });
    return listening(server.listen(0, '127.0.0.1'));
  };
  test.each([
    ['a page', 'GET', '/', {}, undefined, false],
    ['no page', 'GET', '/nothing', {}, undefined, true],
    ['no method', 'DELETE', '/login', {}, undefined, true],
    ['no path', 'GET', '/%ZZ', {}, undefined, true],
    ['a form that is refused', 'POST', '/login', {}, 'email=x&password=y', true],
    ['a field that comes twice', 'POST', '/login', {}, 'email=x&email=z&password=y', true],
    ['a body that is too large', 'POST', '/login', {}, 'x'.repeat(17_000), true],
    [
      'a body in another charset',
      'POST',
      '/login',
      { 'content-type': `${FORM}; charset=x` },
      'a=b',
      true,
    ],
    ['a body of another type', 'POST', '/login', { 'content-type': 'text/plain' }, 'a=b', true],
    ['a form of another site', 'POST', '/login', { 'sec-fetch-site': 'cross-site' }, 'a=b', true],
    ['too many fields', 'POST', '/login', {}, 'a&'.repeat(5000), true],
  ] as const)(
    'is guarded, and tells nothing of the inside: %s',
    async (_what, method, path, headers, body, isRefused) => {
      const url = await start();
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': FORM, ...headers },
        ...(body !== undefined && { body }),
      });
      const told = Object.fromEntries(response.headers);
      expect(told).toMatchObject({ ...guards, 'cache-control': 'no-store' });
      expect(told).not.toHaveProperty('x-powered-by');
      expect(await response.text()).not.toMatch(/node_modules|Error:|\.ts:\d/);
      // Each refuses in its own way.
      expect(response.status >= 400 && response.status < 500).toBe(isRefused);
    },
  );
});

test('the example for Next.js guards every answer', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  const file = new URL('../../examples/nextjs/next.config.ts', import.meta.url).href;
  const { default: config } = await import(/* @vite-ignore */ file);
  const [{ source, headers }] = await config.headers();
  const told = headers.map(({ key, value }: { key: string; value: string }) => [
    key.toLowerCase(),
    value,
  ]);
  expect(source).toBe('/:path*');
  expect(Object.fromEntries(told)).toMatchObject(guards);
  expect(config.poweredByHeader).toBe(false);
});
