import { aUser } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const EMAIL = 'ada@example.com';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const TOKEN = { token: expect.any(String), token_expires: expect.any(Number) };

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });

type Response = Awaited<ReturnType<typeof post>>;

/** A user who is logged in, as the service sees it. */
async function loggedIn() {
  const { user, key } = await enrolled(server);
  const login = await post('/v1/auth/provider/local/login', { email: EMAIL, password: PASSWORD });
  const { access, refresh } = login.json();
  return { user, key, access, refresh };
}

const newKey = async (type: string, user_id: string) =>
  (await post('/v1/key', { is_enabled: true, type, name: 'web', user_id })).json().data;

const refused = (code: 'invalid_token' | 'invalid_credentials') => ({
  type: `/docs/errors#${code}`,
  title: code === 'invalid_token' ? 'Invalid token' : 'Invalid credentials',
  status: 400,
  detail:
    code === 'invalid_token'
      ? 'this token or key is unknown, expired, used or revoked'
      : 'the code is not right',
  code,
});

function expectRefused(response: Response, code: 'invalid_token' | 'invalid_credentials'): void {
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect([response.statusCode, response.json()]).toStrictEqual([400, refused(code)]);
}

describe('POST /v1/auth/token/verify', () => {
  it('answers with the user, and the token as it was given', async () => {
    const { user, access } = await loggedIn();
    const response = await post('/v1/auth/token/verify', { token: access.token });
    expect([response.statusCode, response.json()]).toStrictEqual([200, { user, access }]);
  });

  it('refuses everything else alike', async () => {
    const { access, refresh } = await loggedIn();
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/token/verify';
    expectRefused(await post(url, { token: '' }), 'invalid_token');
    expectRefused(await post(url, { token: 'x'.repeat(15_000) }), 'invalid_token');
    expectRefused(await post(url, { token: refresh.token }), 'invalid_token');
    expectRefused(await post(url, { token: access.token }, foreign), 'invalid_token');
  });
});

describe('POST /v1/auth/token/refresh', () => {
  it('answers with the user and new tokens, of which both are good', async () => {
    const { user, access, refresh } = await loggedIn();
    const response = await post('/v1/auth/token/refresh', { token: refresh.token });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { user, access: TOKEN, refresh: { ...TOKEN, token_expires: refresh.token_expires } },
    ]);
    const fresh = response.json();
    expect([access.token, refresh.token]).not.toContain(fresh.access.token);
    expect(fresh.refresh.token).not.toBe(refresh.token);
    const verified = await post('/v1/auth/token/verify', { token: fresh.access.token });
    expect(verified.json()).toStrictEqual({ user, access: fresh.access });
    const next = await post('/v1/auth/token/refresh', { token: fresh.refresh.token });
    expect(next.statusCode).toBe(200);
  });

  it('refuses a token the second time, and ends the session', async () => {
    const { access, refresh } = await loggedIn();
    await post('/v1/auth/token/refresh', { token: refresh.token });
    const url = '/v1/auth/token/refresh';
    expectRefused(await post(url, { token: refresh.token }), 'invalid_token');
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expectRefused(verified, 'invalid_token');
  });

  it('refuses everything else alike', async () => {
    const { access, refresh } = await loggedIn();
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/token/refresh';
    expectRefused(await post(url, { token: '' }), 'invalid_token');
    expectRefused(await post(url, { token: access.token }), 'invalid_token');
    expectRefused(await post(url, { token: refresh.token }, foreign), 'invalid_token');
    expect((await post(url, { token: refresh.token })).statusCode).toBe(200);
  });
});

describe('POST /v1/auth/token/revoke', () => {
  it.each(['access', 'refresh'] as const)('takes the %s token back with its key', async (which) => {
    const login = await loggedIn();
    const { token } = login[which];
    const response = await post('/v1/auth/token/revoke', { token });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { audit: expect.stringMatching(UUID) },
    ]);
    const key = await server.json('GET', `/v1/key/${login.key.id}`);
    expect(key.json().data).toMatchObject({ is_enabled: false, is_revoked: true });
    expectRefused(await post('/v1/auth/token/revoke', { token }), 'invalid_token');
    const verified = await post('/v1/auth/token/verify', { token: login.access.token });
    expectRefused(verified, 'invalid_token');
  });
});

describe('POST /v1/auth/key', () => {
  it.each(['KEY', 'TOKEN'])('/verify answers with the user and the %s key', async (type) => {
    const created = await post('/v1/user', { is_enabled: true, name: 'Bob', email: 'b@b.example' });
    const user = created.json().data;
    const { key, value } = await newKey(type, user.id);
    const response = await post('/v1/auth/key/verify', { key: value });
    expect([response.statusCode, response.json()]).toStrictEqual([200, { user, key }]);
  });

  it('/revoke answers once, and nobody knows the key any more', async () => {
    const { user } = await enrolled(server);
    const { key, value } = await newKey('KEY', user.id);
    const response = await post('/v1/auth/key/revoke', { key: value });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { audit: expect.stringMatching(UUID) },
    ]);
    const read = await server.json('GET', `/v1/key/${key.id}`);
    expect(read.json().data).toMatchObject({ is_enabled: false, is_revoked: true });
    for (const verb of ['verify', 'revoke']) {
      expectRefused(await post(`/v1/auth/key/${verb}`, { key: value }), 'invalid_token');
    }
  });

  it.each(['verify', 'revoke'])('/%s refuses everything else alike', async (verb) => {
    const { user } = await enrolled(server);
    const { value } = await newKey('KEY', user.id);
    const foreign = { authorization: await server.otherServiceKey() };
    const url = `/v1/auth/key/${verb}`;
    for (const key of ['', server.serviceKey, server.rootKey]) {
      expectRefused(await post(url, { key }), 'invalid_token');
    }
    expectRefused(await post(url, { key: value }, foreign), 'invalid_token');
    expect((await post('/v1/auth/key/verify', { key: value })).statusCode).toBe(200);
  });
});

describe('POST /v1/auth/totp', () => {
  async function withTotp() {
    // Somebody whose id has letters.
    let { user } = await enrolled(server);
    for (let i = 0; !/[a-f]/.test(user.id); i += 1) {
      ({ user } = await enrolled(server, `user-${i}@example.com`));
    }
    const { value: seed } = await newKey('TOTP', user.id);
    return { user, code: server.totp.codeAt(seed, server.ports.clock.now()) };
  }

  it('takes a code, once', async () => {
    const { user, code } = await withTotp();
    const given = { user_id: user.id.toUpperCase(), totp: code };
    const response = await post('/v1/auth/totp', given);
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { audit: expect.stringMatching(UUID) },
    ]);
    expectRefused(await post('/v1/auth/totp', given), 'invalid_credentials');
  });

  it('refuses everything else alike, to the byte', async () => {
    const { user, code } = await withTotp();
    const bare = await enrolled(server, 'bob@example.com');
    const ghost = aUser({ createdBy: null });
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/totp';
    const responses = [
      await post(url, { user_id: user.id, totp: '000000' }),
      await post(url, { user_id: user.id, totp: `${code} ` }),
      await post(url, { user_id: bare.user.id, totp: code }),
      await post(url, { user_id: ghost.id, totp: code }),
      await post(url, { user_id: user.id, totp: code }, foreign),
    ];
    for (const response of responses) expectRefused(response, 'invalid_credentials');
    expect(new Set(responses.map(({ body }) => body)).size).toBe(1);
    expect((await post(url, { user_id: user.id, totp: code })).statusCode).toBe(200);
  });
});

describe('every one of these', () => {
  const calls = {
    '/v1/auth/token/verify': { token: 'x' },
    '/v1/auth/token/refresh': { token: 'x' },
    '/v1/auth/token/revoke': { token: 'x' },
    '/v1/auth/key/verify': { key: 'x' },
    '/v1/auth/key/revoke': { key: 'x' },
    '/v1/auth/totp': { user_id: '01900000-0000-7000-8000-000000000005', totp: '000000' },
  };

  it.each(Object.entries(calls))('%s is for services alone', async (url, body) => {
    for (const authorization of [server.rootKey, 'rks_unknown', '']) {
      const response = await post(url, body, { authorization });
      expect([response.statusCode, response.json().code]).toStrictEqual([401, 'unauthorized']);
    }
  });

  it.each(Object.entries(calls))('%s leaves a link that waits alone', async (url) => {
    const { user, key, access, refresh } = await loggedIn();
    const { value } = await newKey('KEY', user.id);
    const { value: seed } = await newKey('TOTP', user.id);
    const LOCAL = '/v1/auth/provider/local';
    const change = { email: EMAIL, password: PASSWORD, new_password: 'battery staple' };
    await post(`${LOCAL}/update-password`, change);
    const link = (await server.mailedTokens()).at(-1);
    const again = await post(`${LOCAL}/login`, { email: EMAIL, password: 'battery staple' });
    const tokens = [access, refresh, again.json().access, again.json().refresh];
    const code = server.totp.codeAt(seed, server.ports.clock.now());
    const bodies = {
      token: [...tokens.map(({ token }) => ({ token })), { token: link }],
      key: [{ key: value }, { key: server.serviceKey }, { key: link }, { key: key.id }],
      totp: [{ user_id: user.id, totp: code }],
    };
    const kind = Object.keys(bodies).find((name) => url.includes(name)) as keyof typeof bodies;
    const statuses = [];
    for (const body of bodies[kind]) statuses.push((await post(url, body)).statusCode);
    expect(statuses).toContain(200);

    const revoked = await post(`${LOCAL}/update-password/revoke`, { token: link });
    expect(revoked.statusCode).toBe(200);
    const locked = await server.json('GET', `/v1/user/${user.id}`);
    expect(locked.json().data.is_enabled).toBe(false);
  });
});
