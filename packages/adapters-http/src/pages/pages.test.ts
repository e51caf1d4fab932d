import { gunzipSync } from 'node:zlib';
import { Unavailable } from '@rekey/domain';
import { type Database, useCases } from '@rekey/usecases';
import { START } from '@rekey/usecases/testing';
import { languages, lockNotices } from '@rekey/wording';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, signedUp, withFactor } from '../../test/harness.ts';
import { texts } from './texts/index.ts';

let server: Rig;
let token: string;
let userId: string;
beforeEach(async () => {
  server = await rig();
  const orion = await signedUp(server);
  // The mail about the address.
  await server.mailedTokens();
  userId = orion.user.hash;
  const change = { email: 'orion@example.com', password: PASSWORD, newPassword: 'battery staple' };
  const bearer = { authorization: `Bearer ${orion.token}` };
  await server.form('PUT', '/users/update/password', change, bearer);
  [token = ''] = await server.mailedTokens();
});

const isEnabled = async () => {
  const user = await server.database.read(({ users }) => users.get(userId));
  return user?.isEnabled;
};
const get = (path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url: path, headers });
const BROWSER = { 'sec-fetch-mode': 'navigate' };
const follow = (query: Record<string, string> | string) =>
  get(`/local?${new URLSearchParams(query)}`, BROWSER);
const cookieOf = ({ headers }: Awaited<ReturnType<typeof get>>) =>
  String(headers['set-cookie']).split(';', 1)[0] ?? '';

/** Opens a link as a browser does, up to its page. */
const open = async (
  query: Record<string, string> | string,
  headers: Record<string, string> = {},
) => {
  const followed = await follow(query);
  if (followed.statusCode !== 303) return followed;
  return get('/local/notice', { ...headers, cookie: cookieOf(followed) });
};
const link = () => ({ type: 'update_password', email: 'orion@example.com', token });
const press = (headers: Record<string, string> = {}, fields: Record<string, string> = { token }) =>
  server.form('POST', '/local', fields, headers);

const LOGO = { type: 'image/svg+xml', content: Buffer.from('<svg/>') } as const;

const factsIn = (body: string) =>
  [...body.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, label, value]) => [label, value]);

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A server on the stores of this one, of which the database is another. */
const beside = (database: (inner: Database) => Database, rooms: ('deliveries' | 'recovery')[]) => {
  const { ports } = server;
  const changed = useCases({ ...ports, database: database(ports.database) });
  const same = useCases(ports);
  return rig({
    rooms: () => ({
      deliveries: rooms.includes('deliveries') ? changed.deliveries : same.deliveries,
      recovery: rooms.includes('recovery') ? changed.recovery : same.recovery,
    }),
  });
};

/** Gives the owner another language and another home. */
const move = (locale: string, timezone: string) =>
  beside(
    (inner) => ({
      ...inner,
      read: (work) =>
        inner.read((stores) =>
          work({
            ...stores,
            users: {
              ...stores.users,
              get: async (id) => {
                const user = await stores.users.get(id);
                return user && { ...user, locale, timezone };
              },
            },
          }),
        ),
    }),
    ['deliveries'],
  );

/** A server on which locking an account fails. */
const failingToLock = (error: Error) =>
  beside((inner) => ({ ...inner, transact: () => Promise.reject(error) }), ['recovery']);

describe('opening the link', () => {
  it('shows the change, its time and origin, and the effects of the button', async () => {
    const response = await open(link());
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      vary: 'Accept-Language',
    });
    expect(response.body).toContain('<html lang="en" dir="ltr">');
    expect(response.body).toContain('The password of your account at Rekey was changed.');
    expect(factsIn(response.body)).toEqual([
      ['Account', 'orion@example.com'],
      ['When', 'January 2, 2026 at 3:04:05 AM Coordinated Universal Time'],
      ['IP address', '127.0.0.1'],
      [
        'Device, by its own account',
        'an unknown program<br><small class="quiet">lightMyRequest</small>',
      ],
    ]);
    expect(response.body).toContain('<form class="act" method="post" action="../local">');
    expect(response.body).toContain(`<input type="hidden" name="token" value="${token}">`);
    expect(response.body).not.toMatch(/<script|style=|<style|https?:/);
    expect(response.body.match(/<input|<button/g)).toStrictEqual(['<input', '<button']);
    expect(response.body).not.toContain('class="help"');
  });

  it('speaks the language of the owner, and tells the time of the owner’s zone', async () => {
    server = await move('de-AT', 'Europe/Vienna');
    const page = await open(link(), { 'accept-language': 'ja' });
    expect(page.body).toContain('<html lang="de" dir="ltr">');
    expect(Object.fromEntries(factsIn(page.body)).Zeitpunkt).toMatch(
      /^2. Jänner 2026 um 04:04:05 Mitteleuropäische/,
    );
    expect((await press()).body).toContain('<h1>Ihr Konto ist gesperrt</h1>');
  });

  it('changes nothing, however often and by whichever method', async () => {
    const before = server.commits();
    await open(link());
    const cookie = cookieOf(await follow(link()));
    for (const [path, status] of [
      [`/local?${new URLSearchParams(link())}`, 303],
      ['/local/notice', 200],
    ] as const) {
      const head = await get(path, { ...BROWSER, cookie }, 'HEAD');
      expect([head.statusCode, head.body]).toStrictEqual([status, '']);
    }
    expect(server.commits()).toBe(before);
    expect(await isEnabled()).toBe(true);
  });

  it('shows no text of the link, and no link of the client that changed the password', async () => {
    const orion = await signedUp(server, 'rigel@example.com');
    await server.mailedTokens();
    const change = {
      email: 'rigel@example.com',
      password: PASSWORD,
      newPassword: 'battery staple',
    };
    await server.form('PUT', '/users/update/password', change, {
      authorization: `Bearer ${orion.token}`,
      'user-agent': '<script src="//evil.example"> https://evil.example',
    });
    const [other = ''] = await server.mailedTokens();
    const page = await open({ ...link(), token: other, email: 'Call 555-1234 now!' });
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/<script|evil\.example|555/);
    expect(Object.fromEntries(factsIn(page.body)).Account).toBe('rigel@example.com');
  });

  it('leads to a page without the token in its URL, by a cookie for that page alone', async () => {
    const followed = await follow(link());
    expect([followed.statusCode, followed.headers.location, followed.body]).toStrictEqual([
      303,
      'local/notice',
      '',
    ]);
    expect(followed.headers['set-cookie']).toBe(
      `rekey-link=${token}; Max-Age=600; Path=/local/notice; HttpOnly; SameSite=Lax`,
    );
  });

  it('shows its page at once to a program that is no browser: it has no history', async () => {
    for (const headers of [{}, { 'sec-fetch-mode': 'cors' }] as const) {
      const page = await get(`/local?${new URLSearchParams(link())}`, headers);
      expect([page.statusCode, page.headers['set-cookie']]).toStrictEqual([200, undefined]);
      expect(page.body).toContain('<form class="act" method="post" action="local">');
      expect(page.body).toMatch(/href="local\/style\.css\?v=/);
    }
  });

  it('keeps its cookie below the path that people know, and sends it by HTTPS alone', async () => {
    const { ports } = server;
    server = await rig({
      options: { publicUrl: 'https://login.example/rekey' },
      rooms: () => useCases(ports),
    });
    expect((await follow(link())).headers['set-cookie']).toMatch(
      /; Path=\/rekey\/local\/notice; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it('asks to be opened once more by a browser that keeps no cookies, and changes nothing', async () => {
    await follow(link());
    const before = server.commits();
    for (const language of languages) {
      const page = await get('/local/notice', { 'accept-language': language });
      expect(page.statusCode).toBe(400);
      expect(page.body).toContain(`<h1>${texts[language].lost.title}</h1>`);
      expect(page.body).not.toMatch(/<form|<script/);
    }
    expect(server.commits()).toBe(before);
    expect(await isEnabled()).toBe(true);
  });

  it('says that the account was deleted, in the language of the browser, and does nothing', async () => {
    await server.ports.database.transact(({ users }) => users.delete(userId, START, START));
    const before = server.commits();
    for (const language of languages) {
      const { gone } = texts[language];
      const headers = { 'accept-language': language };
      const followed = await get(`/local?${new URLSearchParams(link())}`, headers);
      for (const page of [followed, await press(headers)]) {
        expect(page.statusCode).toBe(400);
        expect(page.body).toContain(`<h1>${gone.title}</h1>`);
        expect(page.body).not.toContain('<form');
      }
    }
    expect(server.commits()).toBe(before);
  });

  it.each([
    ['no token', 'rekey-link=', 'lost'],
    ['no text of a token', 'rekey-link="<b>"', 'lost'],
    ['an endless token', `rekey-link=${'x'.repeat(4000)}`, 'lost'],
    ['a made-up token', 'rekey-link=made-up-token', 'dead'],
    ['a cookie of another name', 'xrekey-link=x', 'lost'],
  ] as const)('has no page for a cookie with %s', async (_what, cookie, text) => {
    const page = await get('/local/notice', { cookie });
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain(`<h1>${texts.en[text].title}</h1>`);
    expect(page.body).toMatch(/href="style\.css\?v=/);
  });

  it('ends on one page, equal to the byte, for every link that is not good', async () => {
    const expired = { ...link() };
    server.clock.set(START + 604_800_000);
    const pages = [await open(expired)];
    server.clock.set(START);
    for (const query of [
      { ...link(), token: 'made-up-token' },
      { ...link(), token: '"><script>alert(1)</script>' },
      { type: 'update_password' },
      { type: 'update_password', token: '' },
      { type: 'no_such_type', token },
      { token },
      {},
      'type=update_password&token=a&token=b',
    ]) {
      pages.push(await open(query));
    }
    pages.push(await press({}, { token: 'made-up-token' }));
    const seen = pages.map(({ statusCode, headers, body }) => {
      const named = { ...headers, date: '', 'x-request-id': '' };
      return JSON.stringify([statusCode, named, body]);
    });
    expect(new Set(seen).size).toBe(1);
    expect(pages[0]?.statusCode).toBe(400);
    expect(pages[0]?.body).toContain('<h1>This link no longer works</h1>');
    expect(pages[0]?.body).not.toMatch(/<form|<script/);
  });

  it('that is not good speaks the language of the browser', async () => {
    const page = await server.app.inject({
      url: '/local',
      headers: { 'accept-language': 'es-MX' },
    });
    expect(page.body).toContain('<html lang="es" dir="ltr">');
    expect(page.body).toContain('<h1>Este enlace ya no funciona</h1>');
  });
});

describe('the link of a mail about a new key', () => {
  let keyToken: string;
  beforeEach(async () => {
    // A service without a page of its own.
    server = await rig({ providerLocalUrl: null });
    const { user } = await enrolled(server);
    userId = user.id;
    const key = { is_enabled: true, type: 'KEY', name: 'backup', user_id: userId };
    await server.json('POST', '/v1/key', key);
    [keyToken = ''] = await server.mailedTokens();
  });

  it('opens a page that tells of the key, and the button locks the account', async () => {
    const page = await open({ type: 'factor_change', email: 'ada@example.com', token: keyToken });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(lockNotices.factor_change.en.happened('Shop'));
    expect(Object.fromEntries(factsIn(page.body)).Account).toBe('ada@example.com');
    expect(await isEnabled()).toBe(true);

    const locked = await press({}, { token: keyToken });
    expect(locked.statusCode).toBe(200);
    expect(locked.body).toContain('<h1>Your account is locked</h1>');
    expect(locked.body).toContain(lockNotices.factor_change.en.report('Shop'));
    expect(await isEnabled()).toBe(false);
  });

  it('tells what its token is for, whatever its type says', async () => {
    const page = await open({ type: 'update_password', token: keyToken });
    expect(page.body).toContain(lockNotices.factor_change.en.happened('Shop'));
  });
});

describe('pressing the button', () => {
  it('locks the account, and tells the next steps', async () => {
    const response = await press();
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-security-policy']).toBe(POLICY);
    expect(response.body).toContain('<h1>Your account is locked</h1>');
    expect(response.body).toContain('<li>Tell Rekey that somebody else changed your password.');
    // The browser forgets the token.
    expect(response.headers['set-cookie']).toBe(
      'rekey-link=; Max-Age=0; Path=/local/notice; HttpOnly; SameSite=Lax',
    );
    expect(await isEnabled()).toBe(false);
  });

  it('serves services that have a page of their own as well', async () => {
    await enrolled(server);
    const change = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
    await server.json('POST', '/v1/auth/provider/local/update-password', change);
    const [other = ''] = await server.mailedTokens();
    expect((await open({ ...link(), token: other })).statusCode).toBe(200);
    expect((await press({}, { token: other })).statusCode).toBe(200);
  });

  it.each([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['our origin', { origin: 'http://localhost:8042' }],
    ['a browser that tells nobody where it is', { origin: 'null' }],
    ['a browser that says nothing', {}],
  ])('works from %s', async (_where, headers) => {
    expect((await press(headers)).statusCode).toBe(200);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['another site that claims our origin', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['our host at another port', { origin: 'http://localhost:9000' }],
    ['our host by another scheme', { origin: 'https://localhost:8042' }],
  ])('does nothing from %s', async (_where, headers) => {
    const response = await press(headers);
    expect(response.statusCode).toBe(403);
    expect(response.body).toContain('<h1>Please use the link in the mail</h1>');
    expect(await isEnabled()).toBe(true);
  });

  it('has a page for a request that is no form of ours', async () => {
    const bad = await press({}, { token, extra: 'x' });
    const json = await server.app.inject({ method: 'POST', url: '/local', payload: { token } });
    expect([bad.statusCode, json.statusCode]).toStrictEqual([400, 415]);
    for (const response of [bad, json]) {
      expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(response.body).not.toContain(token);
    }
    expect(await isEnabled()).toBe(true);
  });

  it('says that the link stays good while the database is away', async () => {
    server = await failingToLock(new Unavailable(3));
    const response = await press();
    expect([response.statusCode, response.headers['retry-after']]).toStrictEqual([503, '3']);
    expect(response.body).toContain('The link stays good.');
  });

  it('gives a number to find the failure by, and nothing else', async () => {
    server = await failingToLock(new Error(`SQL with ${token}`));
    const response = await press();
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('SQL');
    const failure = server.lines.map((line) => JSON.parse(line)).find(({ error }) => error);
    expect(response.body).toContain(failure.requestId);
  });
});

describe('the page for a new password', () => {
  const get = (headers: Record<string, string> = {}) =>
    server.app.inject({ url: '/local/change-password', headers });

  it('is where browsers and password managers look for it', async () => {
    server = await rig({ options: { publicUrl: 'https://login.example/rekey' } });
    const response = await server.app.inject({
      url: '/.well-known/change-password',
      headers: { host: 'evil.example' },
    });
    expect([response.statusCode, response.headers.location]).toStrictEqual([
      303,
      'https://login.example/rekey/local/change-password',
    ]);
  });

  it('has the attributes for password managers, and a form that needs no script', async () => {
    const { statusCode, headers, body } = await get();
    expect([statusCode, headers.vary]).toStrictEqual([200, 'Accept-Language']);
    expect(headers['content-security-policy']).toBe(
      `${POLICY}; script-src 'self'; connect-src 'self'`,
    );
    expect(body.match(/autocomplete="[^"]+"/g)).toStrictEqual([
      'autocomplete="username"',
      'autocomplete="current-password"',
      'autocomplete="new-password"',
      'autocomplete="one-time-code"',
    ]);
    expect(body).toMatch(/<form id="change" method="post" novalidate\n/);
    expect(body).not.toContain('<noscript');
    expect(body).not.toMatch(
      /style=|<style|https?:|<script(?! type="module" src="(?:change|new)-password\.js\?v=)/,
    );
  });

  it('names the least length of the policy', async () => {
    expect((await get()).body).toContain('At least 8 characters.');
    server = await rig({ options: { passwordPolicy: 'nist' } });
    expect((await get()).body).toContain('At least 15 characters.');
  });

  it('speaks every language that the texts are written in', async () => {
    for (const language of languages) {
      const { body } = await get({ 'accept-language': `${language}-XX, fr` });
      expect(body).toContain(`<html lang="${language}" dir="ltr">`);
      expect(body).toContain(`<h1>${texts[language].change.title}</h1>`);
    }
  });
});

describe('the form for a new password, sent without a script', () => {
  const email = 'orion@example.com';
  const password = 'battery staple';
  const newPassword = 'tulip kite forty seven';
  const send = async (fields: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    server.form(
      'POST',
      '/local/change-password',
      { email, password, newPassword, code: '', ...fields },
      headers,
    );
  const login = (typed: string) => server.form('POST', '/users/login', { email, password: typed });
  const me = (bearer: string) =>
    server.app.inject({ url: '/users/me', headers: { authorization: `Bearer ${bearer}` } });
  /** All that an answer tells, but for its time and its name. */
  const told = ({ statusCode, headers, body }: Awaited<ReturnType<typeof send>>) => {
    const { date: _, 'x-request-id': _id, ...rest } = headers;
    return JSON.stringify([statusCode, rest, body]);
  };
  const faultsIn = (body: string) =>
    Object.fromEntries(
      [...body.matchAll(/<p id="(?:(\w+)-)?fault" class="fault"[^>]*>([^<]+)<\/p>/g)].map(
        ([, name = 'form', text]) => [name, text],
      ),
    );

  it('sets the password, ends every session, owes the mail, and is known in its browser from then on', async () => {
    const { token: bearer } = (await login(password)).json();
    const done = await send({}, { 'sec-fetch-site': 'same-origin', origin: 'null' });
    expect(done.statusCode).toBe(200);
    expect(done.body).toContain(`<h1>${texts.en.change.done.title}</h1>`);
    expect(done.body).not.toMatch(/<form|<script/);
    expect(done.headers['set-cookie']).toMatch(/^rekey-device=.*; HttpOnly; SameSite=Strict$/);
    expect((await me(bearer)).statusCode).toBe(401);
    expect((await login(password)).statusCode).toBe(401);
    expect((await login(newPassword)).statusCode).toBe(200);
    await server.mailedTokens();
    expect(server.channels.mail.sent.at(-1)).toMatchObject({ kind: 'update_password', to: email });
  });

  it.each(languages)(
    'asks whoever has a second factor for a code as well, and goes on with it: %s',
    async (language) => {
      const codeAt = await withFactor(server, userId);
      const headers = { 'accept-language': language };
      const asked = await send({}, headers);
      expect([asked.statusCode, faultsIn(asked.body)]).toStrictEqual([
        403,
        { code: texts[language].script.factor },
      ]);
      expect(asked.body).toMatch(/<input id="code"[^>]* aria-invalid="true" autofocus>/);
      expect(asked.body).toContain(texts[language].change.codeHint);
      expect((await send({ code: codeAt() }, headers)).body).toContain(
        `<h1>${texts[language].change.done.title}</h1>`,
      );
      expect((await login(newPassword)).json().requires2FA).toBe(true);
    },
  );

  it('takes a recovery code, and each code once', async () => {
    const { token: bearer } = (await login(password)).json();
    const code = (await withFactor(server, userId))();
    const authorization = `Bearer ${bearer}`;
    const renewed = await server.form(
      'POST',
      '/users/2fa/recoveryCodes',
      { code },
      { authorization },
    );
    const [recovery] = renewed.json().codes;
    expect((await send({ code })).statusCode).toBe(400);
    expect((await send({ code: recovery.toUpperCase() })).statusCode).toBe(200);
    const again = { password: newPassword, newPassword: password, code: recovery };
    expect((await send(again)).statusCode).toBe(400);
  });

  it('tells no wrong code from a wrong password, and no account with a factor from one without or none', async () => {
    await signedUp(server, 'plain@example.com');
    const codeAt = await withFactor(server, userId);
    const wrong = { password: 'not this one' };
    for (const [code, tries] of [
      ['', [wrong, { ...wrong, email: 'plain@example.com' }, { email: 'nobody@example.com' }]],
      [
        codeAt(),
        [
          wrong,
          { code: '000000' },
          { ...wrong, email: 'plain@example.com' },
          { email: 'nobody@example.com' },
        ],
      ],
    ] as const) {
      const answers: (readonly [string, number])[] = [];
      for (const fields of tries) {
        const before = server.hashing();
        const answer = told(await send({ code, ...fields }));
        answers.push([answer, server.hashing() - before]);
      }
      expect(answers).toStrictEqual(answers.map(() => [answers[0]?.[0], 1]));
      expect(answers[0]?.[0]).toContain(
        code === '' ? texts.en.script.credentials : texts.en.script.credentialsOrCode,
      );
    }
    expect((await send({ code: codeAt() })).statusCode).toBe(200);
  });

  it('counts wrong codes together with the wrong passwords of every login, and says how long to wait', async () => {
    const codeAt = await withFactor(server, userId);
    await login('not this one');
    for (let i = 0; i < 4; i += 1) expect((await send({ code: '000000' })).statusCode).toBe(400);
    const late = await send({ code: codeAt() });
    expect([late.statusCode, late.headers['retry-after'], faultsIn(late.body)]).toStrictEqual([
      429,
      '1',
      { form: texts.en.script.wait.replace('{time}', '1 second') },
    ]);
    expect((await login(password)).statusCode).toBe(429);
    server.clock.set(server.clock.now() + 1000);
    expect((await send({ code: codeAt() })).statusCode).toBe(200);
  });

  it.each(languages)('says what is wrong beside each field: %s', async (language) => {
    const { script } = texts[language];
    const faultsOf = async (fields: Record<string, string>) => {
      const { statusCode, body } = await send(fields, { 'accept-language': language });
      return [statusCode, faultsIn(body)];
    };
    const { required, email: badEmail, reasons } = script;
    expect(await faultsOf({ email: '', password: '', newPassword: '' })).toStrictEqual([
      400,
      { email: required, password: required, newPassword: required },
    ]);
    const short = { email: 'no address', newPassword: 'short' };
    expect(await faultsOf(short)).toStrictEqual([
      400,
      { email: badEmail, newPassword: reasons.too_short.replace('{min}', '8') },
    ]);
    expect(await faultsOf({ newPassword: password })).toStrictEqual([
      400,
      { newPassword: reasons.same_as_current },
    ]);
    expect(await faultsOf({ password: 'x'.repeat(2000) })).toStrictEqual([
      400,
      { password: script.credentials },
    ]);
    expect((await login(password)).statusCode).toBe(200);
  });

  it('sends back nothing of what was sent, and keeps it in no cookie and no URL', async () => {
    const codeAt = await withFactor(server, userId);
    const planted = { password: 'planted-secret-1', newPassword: 'planted-secret-2' };
    const typed = [
      {},
      { code: '123-planted-3' },
      { ...planted, code: codeAt() },
      { ...planted, email: 'planted-secret-4@' },
    ];
    for (const fields of typed) {
      const { statusCode, body, headers } = await send(fields);
      expect(statusCode).toBeGreaterThanOrEqual(400);
      expect(body).not.toMatch(/planted|orion@|battery|tulip| value="/);
      expect(headers['set-cookie']).toBe(undefined);
      expect(headers.location).toBe(undefined);
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it('is sent by no page of another site', async () => {
    const foreign = await send({}, { 'sec-fetch-site': 'cross-site', origin: 'null' });
    expect(foreign.statusCode).toBe(403);
    expect((await login(password)).statusCode).toBe(200);
  });

  it('says that it cannot be done now, where the database is away', async () => {
    const { ports } = server;
    const database: Database = {
      ...ports.database,
      transact: () => Promise.reject(new Unavailable(3)),
    };
    server = await rig({
      rooms: () => ({ passwords: useCases({ ...ports, database }).passwords }),
    });
    const later = await send();
    expect([later.statusCode, later.headers['retry-after'], faultsIn(later.body)]).toStrictEqual([
      503,
      '3',
      { form: texts.en.script.later },
    ]);
  });
});

it('a page that is not there is not found', async () => {
  for (const url of [
    '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200',
    '/.well-known/change-password/',
    '/.well-known/',
    '/local/nothing.css',
    '/local/logo',
  ]) {
    expect((await server.app.inject({ url })).statusCode).toBe(404);
  }
});

describe('a file of the pages', () => {
  const filesOf = async (page: string) => {
    const { body } = await server.app.inject({ url: page });
    const found = [
      ...body.matchAll(/[\w/-]*(?:style\.css|icon\.svg|logo|\w[\w-]*\.js)\?v=[\w-]+/g),
    ];
    return found.map(([url]) => new URL(url, `http://x${page}`));
  };

  it('is kept for a year under the URL that pages have, and not at all under others', async () => {
    server = await rig({ options: { brandLogo: LOGO } });
    const files = [...(await filesOf('/local')), ...(await filesOf('/local/change-password'))];
    expect(new Set(files.map(({ pathname }) => pathname)).size).toBe(7);
    for (const { pathname, search } of files) {
      const kept = await server.app.inject({ url: `${pathname}${search}` });
      expect([kept.statusCode, kept.headers['cache-control']]).toStrictEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
      for (const url of [pathname, `${pathname}?v=other`]) {
        const other = await server.app.inject({ url });
        expect([other.statusCode, other.headers['cache-control']]).toStrictEqual([200, 'no-store']);
        expect(other.rawPayload).toStrictEqual(kept.rawPayload);
      }
    }
  });

  it('is compressed for clients that take it', async () => {
    const url = '/local/zxcvbn-common.js';
    const plain = await server.app.inject({ url });
    const packed = await server.app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(plain.headers['content-encoding']).toBe(undefined);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length * 0.6);
    expect(gunzipSync(packed.rawPayload)).toStrictEqual(plain.rawPayload);
  });

  it('has another URL when it has another content', async () => {
    const [style] = await filesOf('/local');
    server = await rig({ options: { brandColor: '#0b5c46' } });
    const [other] = await filesOf('/local');
    expect(other?.pathname).toBe(style?.pathname);
    expect(other?.search).not.toBe(style?.search);
    const { body, headers } = await server.app.inject({ url: '/local/style.css' });
    expect(body).toContain('--accent: #0b5c46');
    expect(headers['content-type']).toBe('text/css; charset=utf-8');
  });

  it('that is the operator’s logo can run nothing, and stands for the name', async () => {
    server = await rig({ options: { brandLogo: LOGO, brandName: 'Acme "&" Co' } });
    const page = await open(link());
    expect(page.body).toMatch(/<img src="local\/logo\?v=[\w-]+" alt="Acme &quot;&amp;&quot; Co">/);
    const response = await server.app.inject({ url: '/local/logo' });
    expect(response.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    expect(response.body).toBe('<svg/>');
  });
});
