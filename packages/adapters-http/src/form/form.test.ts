import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const UPDATE = '/users/update/password';
const orion = {
  hash: expect.stringMatching(/^[\da-f-]{36}$/),
  name: 'Orion',
  email: 'orion@example.com',
  emailValid: false,
  secret2FA: null,
  using2FA: false,
  require2FAForBasicLogin: false,
  require2FAForSocialLogin: false,
};
/** The answer of a login, as clients of every version of orion users read it. */
const loggedIn = {
  user: orion,
  token: expect.stringMatching(/^personal-token-/),
  authentication: { user: orion, token: expect.stringMatching(/^personal-token-/) },
  requires2FA: false,
  message: null,
  device: expect.stringMatching(/^device\./),
};
/** What the dialect adds to a problem that is about no field. */
const spoken = (message: string) => ({ message, violations: [{ message }] });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('POST /users/create', () => {
  const fields = { name: 'Orion', email: 'Orion@Example.com', password: PASSWORD };

  it('answers with the user', async () => {
    const response = await server.form('POST', '/users/create', fields);
    expect([response.statusCode, response.json()]).toStrictEqual([200, orion]);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('makes a user whose locale is the one that the browser asks for', async () => {
    const localeOf = async (email: string, headers: Record<string, string>) => {
      const made = await server.form('POST', '/users/create', { ...fields, email }, headers);
      const { hash } = made.json();
      return (await server.database.read(({ users }) => users.get(hash)))?.locale;
    };
    const german = { 'accept-language': 'fr, de-AT;q=0.9' };
    expect(await localeOf('vega@example.com', german)).toBe('de-AT');
    expect(await localeOf('rigel@example.com', {})).toBe('en');
  });

  it('is closed where the operator says so, and creates no user', async () => {
    server = await rig({ settings: { usersSignup: false } });
    const before = server.commits();
    const response = await server.form('POST', '/users/create', fields);
    expect([response.statusCode, response.json()]).toStrictEqual([
      403,
      {
        type: '/docs/errors#registration_closed',
        title: 'Registration closed',
        status: 403,
        detail: 'new users are not accepted here',
        code: 'registration_closed',
        ...spoken('new users are not accepted here'),
      },
    ]);
    expect(server.commits()).toBe(before);
  });
});

describe('POST /users/login', () => {
  it('answers with the user, a token and the name of the device', async () => {
    await signedUp(server);
    const fields = { email: 'orion@example.com', password: PASSWORD };
    const response = await server.form('POST', '/users/login', fields);
    expect([response.statusCode, response.json()]).toStrictEqual([200, loggedIn]);
    const { token, authentication } = response.json();
    expect(authentication.token).toBe(token);
  });

  it('takes an address that is as good as one, and refuses what is none', async () => {
    const login = async (email: string) =>
      (await server.form('POST', '/users/login', { email, password: PASSWORD })).statusCode;
    for (const email of ['orion@test', 'a@b', '.@.', 'x"y@[127.0.0.1]']) {
      expect([email, await login(email)]).toStrictEqual([email, 401]);
    }
    for (const email of ['', 'orion#test.com', '@test', 'orion@', 'a@b@c', 'a\u0000@b', 'a b@c']) {
      expect([email, await login(email)]).toStrictEqual([email, 400]);
    }
  });

  it('answers 401 for a wrong password and an unknown user alike', async () => {
    await signedUp(server);
    const wrong = { email: 'orion@example.com', password: 'not this one' };
    const unknown = { email: 'nobody@example.com', password: PASSWORD };
    const answers = [];
    for (const fields of [wrong, unknown]) {
      const { statusCode, headers, json } = await server.form('POST', '/users/login', fields);
      answers.push({
        statusCode,
        headers: { ...headers, date: '', 'x-request-id': '' },
        body: json(),
      });
    }
    expect(answers[0]).toStrictEqual(answers[1]);
    expect(answers[0]?.headers['www-authenticate']).toBe('Bearer realm="rekey"');
    expect(answers[0]?.body).toStrictEqual({
      type: '/docs/errors#invalid_credentials',
      title: 'Invalid credentials',
      status: 401,
      detail: 'the e-mail address or the password is not right',
      code: 'invalid_credentials',
      ...spoken('the e-mail address or the password is not right'),
    });
  });

  it('is for users of this dialect alone', async () => {
    await enrolled(server);
    const fields = { email: 'ada@example.com', password: PASSWORD };
    expect((await server.form('POST', '/users/login', fields)).statusCode).toBe(401);
  });
});

describe('PUT /users/update/password', () => {
  const fields = { email: 'orion@example.com', password: PASSWORD, newPassword: 'battery staple' };

  it('changes the password and answers with the user', async () => {
    const { token } = await signedUp(server);
    const response = await server.form('PUT', UPDATE, fields, bearer(token));
    expect([response.statusCode, response.json()]).toStrictEqual([200, orion]);
    const login = { email: fields.email, password: fields.newPassword };
    expect((await server.form('POST', '/users/login', login)).statusCode).toBe(200);
  });

  it('ends every session but the one that asked', async () => {
    const { token } = await signedUp(server);
    const login = { email: fields.email, password: PASSWORD };
    const other = (await server.form('POST', '/users/login', login)).json().token;
    await server.form('PUT', UPDATE, fields, bearer(token));
    const back = { ...login, password: fields.newPassword, newPassword: PASSWORD };
    expect((await server.form('PUT', UPDATE, back, bearer(other))).statusCode).toBe(401);
    expect((await server.form('PUT', UPDATE, back, bearer(token))).statusCode).toBe(200);
  });

  it('takes the token of the JSON login too', async () => {
    await enrolled(server);
    const credentials = { email: 'ada@example.com', password: PASSWORD };
    const login = await server.json('POST', '/v1/auth/provider/local/login', credentials);
    const change = { ...credentials, newPassword: 'battery staple' };
    const response = await server.form('PUT', UPDATE, change, bearer(login.json().access.token));
    expect([response.statusCode, response.json().email]).toStrictEqual([200, 'ada@example.com']);
  });

  it.each(['ada@example.com', 'nobody@example.com', 'orion@test'])(
    'answers 403 for another address than the own one, whether or not it has an account: %s',
    async (email) => {
      await signedUp(server, 'ada@example.com');
      const { token } = await signedUp(server);
      const response = await server.form('PUT', UPDATE, { ...fields, email }, bearer(token));
      expect([response.statusCode, response.json().code]).toStrictEqual([403, 'forbidden']);
    },
  );

  it('answers 400 for a wrong password', async () => {
    const { token } = await signedUp(server);
    const wrong = { ...fields, password: 'not this one' };
    const response = await server.form('PUT', UPDATE, wrong, bearer(token));
    expect([response.statusCode, response.json().code]).toStrictEqual([400, 'invalid_credentials']);
  });

  it('names refused fields in camel case, and once more as clients of orion users read them', async () => {
    const { token } = await signedUp(server);
    const weak = { ...fields, newPassword: 'short' };
    const response = await server.form('PUT', UPDATE, weak, bearer(token));
    const { detail, message, violations } = response.json();
    expect(message).toBe(detail);
    expect(violations).toStrictEqual([
      { field: 'newPassword', message: 'must have 8 to 128 characters' },
    ]);
    expect(response.json().errors).toStrictEqual([
      { field: 'newPassword', message: 'must have 8 to 128 characters', code: 'too_short' },
    ]);
  });

  it.each([
    ['no token', () => undefined],
    ['an unknown token', () => 'Bearer unknown'],
    ['a token without its scheme', (token: string) => token],
    ['a token with the scheme of service keys', (token: string) => `key ${token}`],
    ['another scheme', (token: string) => `Basic ${token}`],
  ])('answers 401 for %s, whatever the body is', async (_what, header) => {
    const authorization = header((await signedUp(server)).token);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const before = server.commits();
    const answers = [
      await server.form('PUT', UPDATE, fields, headers),
      await server.form('PUT', UPDATE, 'email=%ZZ', headers),
      await server.form('PUT', UPDATE, fields, { ...headers, 'content-type': 'text/plain' }),
      await server.form('PUT', UPDATE, 'x'.repeat(20_000), headers),
    ];
    for (const response of answers) {
      expect([response.statusCode, response.json().code]).toStrictEqual([401, 'unauthorized']);
      // A text without a scheme of tokens is none.
      const isToken = /^(?:key |bearer |\S+$)/i.test(authorization ?? '');
      expect(response.headers['www-authenticate']).toBe(
        `Bearer realm="rekey"${isToken ? ', error="invalid_token"' : ''}`,
      );
    }
    expect(server.commits()).toBe(before);
  });

  it('answers 401 once the session has ended', async () => {
    const { token, user } = await signedUp(server);
    const { database } = server;
    await database.transact(({ sessions }) => sessions.endAllOf(user.hash, Date.now()));
    expect((await server.form('PUT', UPDATE, fields, bearer(token))).statusCode).toBe(401);
  });
});

describe('a form', () => {
  let token: string;
  let before: number;
  beforeEach(async () => {
    ({ token } = await signedUp(server));
    before = server.commits();
  });

  const valid: Record<string, string> = {
    '/users/create': 'name=Vega&email=vega%40example.com&password=correct+horse',
    '/users/login': 'email=orion%40example.com&password=correct+horse',
    [UPDATE]: 'email=orion%40example.com&password=correct+horse&newPassword=battery+staple',
  };
  const send = (url: string, body: string | Buffer, type = 'application/x-www-form-urlencoded') =>
    server.app.inject({
      method: url === UPDATE ? 'PUT' : 'POST',
      url,
      payload: body,
      headers: { ...bearer(token), 'content-type': type },
    });
  const each = Object.entries(valid).flatMap(([url, body]) =>
    body.split('&').map((pair) => [url, pair.split('=')[0] ?? '', pair] as const),
  );

  function expectRefused(
    response: Awaited<ReturnType<typeof send>>,
    errors: { field: string; message: string; code: string }[],
  ): void {
    expect([response.statusCode, response.json().errors]).toStrictEqual([400, errors]);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.body).not.toMatch(/correct|horse|staple/);
    expect(server.commits()).toBe(before);
  }

  it.each(each)('%s must have %s', async (url, field, pair) => {
    const rest = (valid[url] ?? '').split('&').filter((other) => other !== pair);
    expectRefused(await send(url, rest.join('&')), [
      { field, message: 'is required', code: 'required' },
    ]);
  });

  it.each(each)('%s must not have %s twice', async (url, field, pair) => {
    const response = await send(url, `${valid[url]}&${pair}`);
    expectRefused(response, [{ field, message: 'is given more than once', code: 'repeated' }]);
  });

  it.each(each)('%s must have a well-encoded %s', async (url, field, pair) => {
    for (const bad of ['%', '%Z', '%ZZ', '%4', '%C0%AF', '%ED%A0%80', '%E2%82', '100%horse']) {
      const body = (valid[url] ?? '').replace(pair, `${field}=${bad}`);
      const response = await send(url, body);
      expectRefused(response, [
        { field, message: 'is not properly percent-encoded', code: 'malformed' },
      ]);
    }
  });

  it.each(Object.keys(valid))('%s passes over fields that nobody asked for', async (url) => {
    const extra = ['extra', '__proto__', 'constructor', 'isEnabled', 'tokenForm', 'email[]'];
    const fields = extra.map((field) => `${field}=1`).join('&');
    expect((await send(url, `${valid[url]}&${fields}`)).statusCode).toBe(200);
  });

  it('must not have a field twice that nobody asked for, nor one that is not well encoded', async () => {
    const url = '/users/login';
    expectRefused(await send(url, `${valid[url]}&extra=1&extra=2`), [
      { field: 'extra', message: 'is given more than once', code: 'repeated' },
    ]);
    expectRefused(await send(url, `${valid[url]}&extra=%ZZ`), [
      { field: 'extra', message: 'is not properly percent-encoded', code: 'malformed' },
    ]);
  });

  it('that holds a value without a name does not get it back', async () => {
    const response = await send('/users/login', 'correct+horse');
    expectRefused(response, [
      { field: '(unnamed)', message: 'must be name=value, percent-encoded', code: 'malformed' },
      { field: 'email', message: 'is required', code: 'required' },
      { field: 'password', message: 'is required', code: 'required' },
    ]);
  });

  it.each(Object.keys(valid))('%s that is empty lacks every field', async (url) => {
    const names = (valid[url] ?? '').split('&').map((pair) => pair.split('=')[0] ?? '');
    const missing = names.map((field) => ({ field, message: 'is required', code: 'required' }));
    for (const body of ['', '&', '&&']) expectRefused(await send(url, body), missing);
  });

  it('is read as browsers write it', async () => {
    const email = 'orion%40example.com';
    const spellings = ['correct+horse', 'correct%20horse', '%63orrect%20horse'];
    for (const password of spellings) {
      const response = await send('/users/login', `&email=${email}&&password=${password}&`);
      expect(response.statusCode).toBe(200);
    }
  });

  it('keeps every character of a password', async () => {
    const password = ' +&=%ü\u{1F511}\u0000 ';
    const fields = { name: 'Rigel', email: 'rigel@example.com', password };
    expect((await server.form('POST', '/users/create', fields)).statusCode).toBe(200);
    const login = (text: string) =>
      server.form('POST', '/users/login', { email: fields.email, password: text });
    expect((await login(password)).statusCode).toBe(200);
    expect((await login(password.trim())).statusCode).toBe(401);
  });

  it('must be UTF-8 where it is not encoded', async () => {
    const response = await send('/users/login', Buffer.from([0x61, 0x3d, 0xe9]));
    expect([response.statusCode, response.json().detail]).toStrictEqual([
      400,
      'the body is not valid UTF-8',
    ]);
  });

  it.each(Object.keys(valid))('%s must be declared as one', async (url) => {
    const types = ['application/json', 'multipart/form-data; boundary=x', 'text/plain', ''];
    for (const type of [...types, 'application/x-www-form-urlencoded; charset=utf-16']) {
      const response = await send(url, valid[url] ?? '', type);
      expect([response.statusCode, response.json().code]).toStrictEqual([
        415,
        'unsupported_media_type',
      ]);
    }
    expect(server.commits()).toBe(before);
  });

  it.each([
    ['charset=UTF-8', 'J%C3%BCrgen+%E2%82%AC', 'Jürgen €'],
    ['charset="utf-8"', 'J%C3%BCrgen', 'Jürgen'],
    ['charset=ISO-8859-1', 'J%FCrgen', 'Jürgen'],
    ['charset=iso-8859-1', 'J\u{FC}rgen+%41', 'Jürgen A'],
    ['charset=windows-1252', 'J%FCrgen+%80', 'Jürgen €'],
    ['charset=US-ASCII', 'Juergen+%41', 'Juergen A'],
    ['charset=utf-8;charset=UTF-8', 'J%C3%BCrgen', 'Jürgen'],
  ])('is decoded as it says: %s, %s', async (charset, encoded, name) => {
    const type = `application/x-www-form-urlencoded;${charset}`;
    const body = `name=${encoded}&email=juergen%40example.com&password=correct+horse`;
    const response = await send('/users/create', Buffer.from(body, 'latin1'), type);
    expect([response.statusCode, response.json().name]).toStrictEqual([200, name]);
  });

  it('has a password that is one password in every encoding', async () => {
    const fields = { name: 'Zoë', email: 'zoe@example.com', password: 'zoë und jürgen' };
    expect((await server.form('POST', '/users/create', fields)).statusCode).toBe(200);
    const type = 'application/x-www-form-urlencoded; charset=ISO-8859-1';
    const body = 'email=zoe%40example.com&password=zo%EB+und+j%FCrgen';
    expect((await send('/users/login', body, type)).statusCode).toBe(200);
    // C1 controls, and not the letters that browsers see in those bytes.
    const controls = await send('/users/create', `${valid['/users/create']}&name=%80`, type);
    expect(controls.statusCode).toBe(400);
  });

  it.each([
    ['charset=us-ascii', '%E9'],
    ['charset=us-ascii', '\u{E9}'],
    ['charset=iso-8859-1', '%E'],
    ['charset=windows-1252', '%G1'],
    ['charset=utf-8', '%E9'],
  ])('is refused where it is not encoded as it says: %s, %s', async (charset, encoded) => {
    const type = `application/x-www-form-urlencoded; ${charset}`;
    const body = `email=orion%40example.com&password=${encoded}`;
    expectRefused(await send('/users/login', Buffer.from(body, 'latin1'), type), [
      { field: 'password', message: 'is not properly percent-encoded', code: 'malformed' },
    ]);
  });

  it.each([
    'charset=utf-16',
    'charset=latin1',
    'charset=iso-8859-15',
    'charset=',
    'charset=utf-8; charset=iso-8859-1',
  ])('is refused in any other encoding, and in two: %s', async (charset) => {
    const type = `application/x-www-form-urlencoded; ${charset}`;
    const response = await send('/users/login', valid['/users/login'] ?? '', type);
    expect([response.statusCode, response.json().code]).toStrictEqual([
      415,
      'unsupported_media_type',
    ]);
  });

  it.each(Object.keys(valid))('%s may have 16 KiB at most', async (url) => {
    const response = await send(url, `${valid[url]}&x=${'x'.repeat(17_000)}`);
    expect([response.statusCode, response.json().code]).toStrictEqual([413, 'payload_too_large']);
    expect(server.commits()).toBe(before);
  });
});

describe('a page of another site', () => {
  /** A new route of the dialect has to have the check as well. */
  const routesOfForms = async () => {
    await server.app.ready();
    return server
      .routes()
      .filter(({ url, method }) => url.startsWith('/users/') && method !== 'GET')
      .map(({ method, url }) => [method as 'POST' | 'PUT', url] as const);
  };

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['another site that hides', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['a page that hides', { origin: 'null' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['our host at another port', { origin: 'http://localhost:9000' }],
    ['a name that was pointed here', { 'sec-fetch-site': 'same-origin', origin: 'http://x.evil' }],
    ['two origins', { origin: 'http://localhost:8042, https://evil.example' }],
  ])('sends nothing to the form dialect: from %s', async (_where, headers) => {
    const { token } = await signedUp(server);
    const before = server.commits();
    for (const [method, url] of await routesOfForms()) {
      const more = { ...headers, authorization: `Bearer ${token}` };
      const response = await server.form(method, url, { email: 'new@example.com' }, more);
      const { code, status } = response.json();
      expect([code, status]).toStrictEqual(['cross_site_request', 403]);
    }
    expect(server.commits()).toBe(before);
  });

  it.each([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8042' }],
    ['our own page, which hides', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['our own origin', { origin: 'http://localhost:8042' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['a program', {}],
  ])('is none of these: %s', async (_where, headers) => {
    const { user } = await signedUp(server);
    const fields = { email: user.email, password: PASSWORD };
    expect((await server.form('POST', '/users/login', fields, headers)).statusCode).toBe(200);
  });
});
