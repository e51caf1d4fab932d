import { beforeEach, describe, expect, it, test } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const LOCAL = '/v1/auth/provider/local';
const NEW = 'battery staple';
const FRESH = 'one that nobody had';
const email = 'ada@example.com';

const post = (url: string, body?: object, authorization = server.serviceKey) =>
  server.json('POST', url, body, { headers: { authorization } });

/** A user whose password was changed, and the token of the mail about it. */
async function changed() {
  const { user } = await enrolled(server);
  await post(`${LOCAL}/login`, { email, password: PASSWORD });
  await post(`${LOCAL}/update-password`, { email, password: PASSWORD, new_password: NEW });
  const [token = ''] = await server.mailedTokens();
  return { user, token };
}

async function locked() {
  const { user, token } = await changed();
  expect((await post(`${LOCAL}/update-password/revoke`, { token })).statusCode).toBe(200);
  return { user, token };
}

const outcome = (response: { statusCode: number; json(): { code?: string } }) => [
  response.statusCode,
  response.json().code,
];

describe.each(['register', 'reset-password', 'update-email', 'update-password'])(
  'POST /v1/auth/provider/local/%s/revoke',
  (flow) => {
    it('locks the account of any such mail, once, and says what it ended', async () => {
      const { user, token } = await changed();
      await post('/v1/key', { type: 'KEY', name: 'cron', user_id: user.id });
      await post('/v1/key', { type: 'TOTP', name: 'phone', user_id: user.id });
      await post(`${LOCAL}/login`, { email, password: NEW });
      const revoke = () => post(`${LOCAL}/${flow}/revoke`, { token });

      const response = await revoke();
      expect([response.statusCode, response.json()]).toStrictEqual([
        200,
        { audit: null, ended: { sessions: 1, keys: 2, factors: 1 } },
      ]);
      const { data } = (await server.json('GET', `/v1/user/${user.id}`)).json();
      expect(data).toMatchObject({ is_enabled: false, is_locked: true });
      expect(outcome(await revoke())).toEqual([400, 'invalid_one_time_token']);
    });

    it('writes an entry that is asked for', async () => {
      const { token } = await changed();
      const body = { token, audit: 'shop:Locked' };
      const { audit } = (await post(`${LOCAL}/${flow}/revoke`, body)).json();
      const entry = (await server.json('GET', `/v1/audit/${audit}`)).json();
      expect(entry.data.type).toBe('shop:Locked');
    });
  },
);

describe('POST /v1/user/{id}/recover', () => {
  it('has the owner mailed a link, with which the account is taken back', async () => {
    const { user } = await locked();
    const asked = await post(`/v1/user/${user.id}/recover`);
    expect([asked.statusCode, asked.json()]).toEqual([200, {}]);
    const [token] = await server.mailedTokens();

    for (const password of [PASSWORD, NEW]) {
      const refused = await post(`${LOCAL}/recover/confirm`, { token, password });
      expect(refused.json().errors).toMatchObject([{ field: 'password', code: 'used_before' }]);
    }
    const confirmed = await post(`${LOCAL}/recover/confirm`, { token, password: FRESH });
    expect([confirmed.statusCode, confirmed.json()]).toEqual([
      200,
      { meta: { password_strength: expect.any(Number), password_pwned: null } },
    ]);
    const { data } = (await server.json('GET', `/v1/user/${user.id}`)).json();
    expect(data).toMatchObject({ is_enabled: true, is_locked: false, email_valid: true });
    const login = await post(`${LOCAL}/login`, { email, password: FRESH });
    expect(login.statusCode).toBe(200);
    const again = await post(`${LOCAL}/recover/confirm`, { token, password: FRESH });
    expect(outcome(again)).toEqual([400, 'invalid_one_time_token']);
  });

  it('takes a root key, and makes the key of the service whose link locked the account', async () => {
    const { user } = await locked();
    expect((await post(`/v1/user/${user.id}/recover`, {}, server.rootKey)).statusCode).toBe(200);
    const [token] = await server.mailedTokens();
    const body = { token, password: FRESH };
    const other = await server.otherServiceKey();
    expect(outcome(await post(`${LOCAL}/recover/confirm`, body, other))[0]).toBe(400);
    expect((await post(`${LOCAL}/recover/confirm`, body)).statusCode).toBe(200);
  });

  it('is refused for an account that is not locked', async () => {
    const { user } = await enrolled(server);
    const response = await post(`/v1/user/${user.id}/recover`, {});
    expect(outcome(response)).toEqual([400, 'account_not_locked']);
  });

  it('looks for a foreign user like for none', async () => {
    const { user } = await locked();
    const other = await server.otherServiceKey();
    const foreign = await post(`/v1/user/${user.id}/recover`, {}, other);
    const none = await post(`/v1/user/${server.service.id}/recover`, {}, other);
    expect(outcome(foreign)).toEqual([404, 'not_found']);
    expect(outcome(none)).toEqual(outcome(foreign));
  });

  it('is taken three times an hour from a service', async () => {
    const { user } = await locked();
    const statuses = [];
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await post(`/v1/user/${user.id}/recover`)).statusCode);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});

describe('GET /v1/auth/provider/local/notice', () => {
  const notice = (token: string, authorization = server.serviceKey) =>
    server.app.inject({
      url: `${LOCAL}/notice?${new URLSearchParams({ token })}`,
      headers: { authorization },
    });

  it('tells what a link is about, and spends nothing', async () => {
    const { token } = await changed();
    const before = server.commits();
    const response = await notice(token);
    expect([response.statusCode, response.json()]).toEqual([
      200,
      {
        data: {
          type: 'update_password',
          created_at: new Date(server.clock.now()).toISOString(),
          email,
          new_email: null,
          key_name: null,
          key_prefix: null,
          key_expires_at: null,
          remote: '127.0.0.1',
          user_agent: 'lightMyRequest',
          locale: 'en',
          timezone: 'Etc/UTC',
        },
      },
    ]);
    expect(server.commits()).toBe(before);
    expect((await post(`${LOCAL}/update-password/revoke`, { token })).statusCode).toBe(200);
  });

  it('names the key that a link is about', async () => {
    const { user } = await enrolled(server);
    await server.mailedTokens();
    const expires_at = '2999-01-01T00:00:00.000Z';
    const body = { name: 'cron', user_id: user.id, expires_at };
    const made = await server.json('POST', '/v1/key', body);
    const [token = ''] = await server.mailedTokens();
    expect((await notice(token)).json().data).toMatchObject({
      type: 'factor_change',
      key_name: 'cron',
      key_prefix: made.json().data.key.prefix,
      key_expires_at: expires_at,
    });
  });

  test('says of a link that is spent, foreign or none that it is not good, in one way', async () => {
    const { token } = await changed();
    const foreign = await notice(token, await server.otherServiceKey());
    await post(`${LOCAL}/update-password/revoke`, { token });
    for (const response of [foreign, await notice(token), await notice('none')]) {
      expect(outcome(response)).toEqual([400, 'invalid_one_time_token']);
    }
  });
});
