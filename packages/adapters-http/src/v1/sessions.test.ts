import { beforeEach, describe, expect, it } from 'vitest';
import {
  ada,
  enrolled,
  expectRefused,
  PASSWORD,
  problemAt,
  type Rig,
  rig,
  TIME,
  UUID,
} from '../../test/harness.ts';

const DEAD = 'this token or key is unknown, expired, used or revoked';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const EMAIL = 'ada@example.com';
const LOCAL = '/v1/auth/provider/local';
const TOKEN = { token: expect.any(String), token_expires: expect.any(Number) };

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });

/** A user who is logged in, as the service sees it. */
async function loggedIn() {
  const { user, key } = await enrolled(server);
  const login = await post('/v1/auth/provider/local/login', { email: EMAIL, password: PASSWORD });
  const { access, refresh } = login.json();
  return { user: { ...user, last_login_at: TIME }, key, access, refresh };
}

describe('POST /v1/auth/provider/local/login', () => {
  it('answers with the user, both tokens and the name of the device', async () => {
    const { user } = await enrolled(server);
    const body = { email: 'ada@example.com', password: PASSWORD };
    const response = await server.json('POST', `${LOCAL}/login`, body);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toStrictEqual({
      meta: { password_strength: 4, password_pwned: null },
      user: { ...ada, id: user.id, last_login_at: TIME },
      access: {
        token: expect.stringMatching(/^signed-token-/),
        token_expires: Date.parse(TIME) / 1000 + 3600,
      },
      refresh: {
        token: expect.stringMatching(/^rkf_\w{43}$/),
        token_expires: Date.parse(TIME) / 1000 + 86_400,
      },
      device: expect.stringMatching(/^device\./),
    });
  });

  it('answers 403 where the password must be changed first', async () => {
    const body = { is_enabled: true, name: 'Ada', email: 'ada@example.com', password: PASSWORD };
    const created = await server.json('POST', '/v1/user', {
      ...body,
      password_require_update: true,
    });
    const user_id = created.json().data.id;
    await server.json('POST', '/v1/key', { is_enabled: true, type: 'TOKEN', name: 'w', user_id });
    const login = { email: 'ada@example.com', password: PASSWORD };
    const response = await server.json('POST', `${LOCAL}/login`, login);
    expect([response.statusCode, response.json().code]).toStrictEqual([
      403,
      'password_update_required',
    ]);
  });

  it('refuses an empty password, which nobody has', async () => {
    const response = await post(`${LOCAL}/login`, { email: EMAIL, password: '' });
    expect([response.statusCode, response.json().errors]).toStrictEqual([
      400,
      [{ field: 'password', message: 'must not be empty', code: 'too_short' }],
    ]);
  });

  it('tells nothing of why it refuses', async () => {
    await enrolled(server);
    const wrong = { email: 'ada@example.com', password: 'not this one' };
    const unknown = { email: 'bob@example.com', password: PASSWORD };
    const answers = [];
    for (const body of [wrong, unknown]) {
      const { statusCode, headers, body: text } = await server.json('POST', `${LOCAL}/login`, body);
      answers.push({ statusCode, headers: { ...headers, date: '', 'x-request-id': '' }, text });
    }
    expect(answers[0]).toStrictEqual(answers[1]);
    expect(JSON.parse(answers[0]?.text ?? '')).toStrictEqual(
      problemAt('/v1', 'invalid_credentials', 'the e-mail address or the password is not right'),
    );
  });
});

/** What a token says of a login with the password, at this moment. */
const byPassword = () => ({
  amr: ['pwd'],
  acr: 'aal1',
  auth_time: Math.floor(server.clock.now() / 1000),
});

describe('POST /v1/auth/token/verify', () => {
  it('answers with the user, and the token as it was given', async () => {
    const { user, access } = await loggedIn();
    const response = await post('/v1/auth/token/verify', { token: access.token });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { user, access, ...byPassword(), audit: null },
    ]);
  });

  it('refuses everything else alike', async () => {
    const { access, refresh } = await loggedIn();
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/token/verify';
    expectRefused(await post(url, { token: '' }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: 'x'.repeat(15_000) }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: refresh.token }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: access.token }, foreign), 'invalid_token', DEAD);
  });
});

describe('POST /v1/auth/token/refresh', () => {
  it('answers with the user and new tokens, of which both are good', async () => {
    const { user, access, refresh } = await loggedIn();
    const response = await post('/v1/auth/token/refresh', { token: refresh.token });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        user,
        access: TOKEN,
        refresh: { ...TOKEN, token_expires: refresh.token_expires },
        audit: null,
      },
    ]);
    const fresh = response.json();
    expect([access.token, refresh.token]).not.toContain(fresh.access.token);
    expect(fresh.refresh.token).not.toBe(refresh.token);
    const verified = await post('/v1/auth/token/verify', { token: fresh.access.token });
    expect(verified.json()).toStrictEqual({
      user,
      access: fresh.access,
      ...byPassword(),
      audit: null,
    });
    const next = await post('/v1/auth/token/refresh', { token: fresh.refresh.token });
    expect(next.statusCode).toBe(200);
  });

  it('refuses a token the second time, and ends the session', async () => {
    const { access, refresh } = await loggedIn();
    await post('/v1/auth/token/refresh', { token: refresh.token });
    const url = '/v1/auth/token/refresh';
    expectRefused(await post(url, { token: refresh.token }), 'invalid_token', DEAD);
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expectRefused(verified, 'invalid_token', DEAD);
  });

  it('refuses everything else alike', async () => {
    const { access, refresh } = await loggedIn();
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/token/refresh';
    expectRefused(await post(url, { token: '' }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: access.token }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: refresh.token }, foreign), 'invalid_token', DEAD);
    expect((await post(url, { token: refresh.token })).statusCode).toBe(200);
  });
});

describe('POST /v1/auth/token/revoke', () => {
  it.each(['access', 'refresh'] as const)('takes the %s token back with its key', async (which) => {
    const login = await loggedIn();
    const { token } = login[which];
    const response = await post('/v1/auth/token/revoke', { token });
    expect([response.statusCode, response.json()]).toStrictEqual([200, { audit: null }]);
    const key = await server.json('GET', `/v1/key/${login.key.id}`);
    expect(key.json().data).toMatchObject({ is_enabled: false, is_revoked: true });
    expectRefused(await post('/v1/auth/token/revoke', { token }), 'invalid_token', DEAD);
    const verified = await post('/v1/auth/token/verify', { token: login.access.token });
    expectRefused(verified, 'invalid_token', DEAD);
  });
});

describe('POST /v1/auth/logout', () => {
  const url = '/v1/auth/logout';

  it.each(['access', 'refresh'] as const)('ends the session of the %s token', async (which) => {
    const login = await loggedIn();
    const { token } = login[which];
    const response = await post(url, { token });
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    const verified = await post('/v1/auth/token/verify', { token: login.access.token });
    expectRefused(verified, 'invalid_token', DEAD);
    const refreshed = await post('/v1/auth/token/refresh', { token: login.refresh.token });
    expectRefused(refreshed, 'invalid_token', DEAD);
    expectRefused(await post(url, { token }), 'invalid_token', DEAD);
    const again = { email: EMAIL, password: PASSWORD };
    expect((await post(`${LOCAL}/login`, again)).statusCode).toBe(200);
  });

  it('ends all of them where it is asked to', async () => {
    const { access } = await loggedIn();
    const second = await post(`${LOCAL}/login`, { email: EMAIL, password: PASSWORD });
    const { refresh } = second.json();
    await post(url, { token: refresh.token, all: true });
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expectRefused(verified, 'invalid_token', DEAD);
  });

  it('refuses what is no token of the service alike', async () => {
    const { access, refresh } = await loggedIn();
    const foreign = { authorization: await server.otherServiceKey() };
    expectRefused(await post(url, { token: '' }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: 'x'.repeat(15_000) }), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: access.token }, foreign), 'invalid_token', DEAD);
    expectRefused(await post(url, { token: refresh.token }, foreign), 'invalid_token', DEAD);
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expect(verified.statusCode).toBe(200);
  });
});

describe('GET /v1/session', () => {
  const list = (query = '', headers: Record<string, string> = {}) =>
    server.json('GET', `/v1/session${query}`, undefined, { headers });

  it('shows the sessions that are open, and by what they were listed', async () => {
    const { user, key } = await loggedIn();
    const response = await list();
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        meta: { user_id: [], gt: null, lt: null, limit: 50 },
        data: [
          {
            id: UUID,
            created_at: TIME,
            last_used_at: TIME,
            expires_at: new Date(Date.parse(TIME) + 90_000_000).toISOString(),
            user_id: user.id,
            service_id: server.service.id,
            key_id: key.id,
            remote: '127.0.0.1',
            user_agent: 'lightMyRequest',
            amr: ['pwd'],
          },
        ],
      },
    ]);
  });

  it('is in pages, and about users where they are named', async () => {
    const { user } = await loggedIn();
    await post(`${LOCAL}/login`, { email: EMAIL, password: PASSWORD });
    await enrolled(server, 'bob@example.com');
    await post(`${LOCAL}/login`, { email: 'bob@example.com', password: PASSWORD });
    const all = (await list()).json().data.map(({ id }: { id: string }) => id);
    expect(all).toHaveLength(3);
    const page = async (query: string) =>
      (await list(query)).json().data.map(({ id }: { id: string }) => id);
    expect(await page('?limit=2')).toStrictEqual(all.slice(0, 2));
    expect(await page(`?limit=2&gt=${all[1]}`)).toStrictEqual(all.slice(2));
    expect(await page(`?limit=2&lt=${all[2].toUpperCase()}`)).toStrictEqual(all.slice(0, 2));
    expect(await page(`?user_id=${user.id}`)).toStrictEqual(all.slice(0, 2));
    const [bob] = (await list(`?gt=${all[1]}`)).json().data;
    expect(await page(`?user_id=${user.id}&user_id=${bob.user_id}`)).toStrictEqual(all);
    const { meta } = (await list(`?user_id=${user.id}&gt=${all[0]}&limit=9999`)).json();
    expect(meta).toStrictEqual({ user_id: [user.id], gt: all[0], lt: null, limit: 1000 });
  });

  it.each(['limit=0', 'limit=x', 'gt=x', 'lt=1', 'user_id=x', 'email=a', 'gt=', 'offset_id=x'])(
    'refuses %s',
    async (query) => {
      const response = await list(`?${query}`);
      const { code, errors } = response.json();
      expect([response.statusCode, code]).toStrictEqual([400, 'invalid_argument']);
      expect(errors).toHaveLength(1);
    },
  );

  it('shows a service none of another, and a root key all', async () => {
    await loggedIn();
    const other = await list('', { authorization: await server.otherServiceKey() });
    expect(other.json().data).toStrictEqual([]);
    const all = await list('', { authorization: server.rootKey });
    expect(all.json().data).toHaveLength(1);
  });
});

describe('DELETE /v1/session/:id', () => {
  const end = (id: string, authorization = server.serviceKey) =>
    server.app.inject({ method: 'DELETE', url: `/v1/session/${id}`, headers: { authorization } });
  const sessionId = async () =>
    (await server.json('GET', '/v1/session')).json().data[0].id as string;

  it('ends a session, once', async () => {
    const { access } = await loggedIn();
    const id = await sessionId();
    const response = await end(id.toUpperCase());
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expectRefused(verified, 'invalid_token', DEAD);
    expect((await end(id)).statusCode).toBe(404);
  });

  it('is a matter of its service and of root keys: to all others it is not there', async () => {
    const { access } = await loggedIn();
    const id = await sessionId();
    const foreign = await end(id, await server.otherServiceKey());
    const unknown = await end(server.service.id);
    expect([foreign.statusCode, foreign.json()]).toStrictEqual([404, unknown.json()]);
    expect((await end('no-id')).statusCode).toBe(404);
    const verified = await post('/v1/auth/token/verify', { token: access.token });
    expect(verified.statusCode).toBe(200);
    expect((await end(id, server.rootKey)).statusCode).toBe(200);
  });
});

describe('DELETE /v1/session', () => {
  const end = (query: string, authorization = server.serviceKey) =>
    server.app.inject({ method: 'DELETE', url: `/v1/session${query}`, headers: { authorization } });
  const logIn = async () =>
    (await post(`${LOCAL}/login`, { email: EMAIL, password: PASSWORD })).json();
  const isGood = async (access: { token: string }) =>
    (await post('/v1/auth/token/verify', { token: access.token })).statusCode === 200;

  it('ends all sessions of a user at the service, and says how many', async () => {
    const { user, access } = await loggedIn();
    const second = await logIn();
    const response = await end(`?user_id=${user.id.toUpperCase()}`);
    expect([response.statusCode, response.json()]).toStrictEqual([200, { ended: 2 }]);
    expect([await isGood(access), await isGood(second.access)]).toEqual([false, false]);
    expect((await end(`?user_id=${user.id}`)).json()).toStrictEqual({ ended: 0 });
  });

  it('ends them everywhere with a root key, or at the service that it names', async () => {
    const { user, access } = await loggedIn();
    const elsewhere = `?user_id=${user.id}&service_id=01900000-0000-7000-8000-000000000003`;
    expect((await end(elsewhere, server.rootKey)).json()).toStrictEqual({ ended: 0 });
    expect(await isGood(access)).toBe(true);
    const here = `?user_id=${user.id}&service_id=${server.service.id}`;
    expect((await end(here, server.rootKey)).json()).toStrictEqual({ ended: 1 });
    const again = await logIn();
    expect((await end(`?user_id=${user.id}`, server.rootKey)).json()).toStrictEqual({ ended: 1 });
    expect(await isGood(again.access)).toBe(false);
  });

  it('is refused for users that are not seen, services of others, and without a user', async () => {
    const { user, access } = await loggedIn();
    const foreign = await end(`?user_id=${user.id}`, await server.otherServiceKey());
    const unknown = await end(`?user_id=${server.service.id}`);
    expect([foreign.statusCode, foreign.json()]).toStrictEqual([404, unknown.json()]);
    const named = await end(`?user_id=${user.id}&service_id=01900000-0000-7000-8000-000000000003`);
    expect([named.statusCode, named.json().code]).toEqual([403, 'root_key_required']);
    const without = await end('');
    expect(without.json().errors).toMatchObject([{ field: 'user_id', code: 'required' }]);
    expect(await isGood(access)).toBe(true);
  });
});
