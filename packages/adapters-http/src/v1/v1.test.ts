import { aUser } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const TIME = '2026-01-02T03:04:05.000Z';
const UUID = expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/);
const LOCAL = '/v1/auth/provider/local';

const ada = {
  id: UUID,
  created_at: TIME,
  updated_at: TIME,
  is_enabled: true,
  name: 'Ada',
  email: 'ada@example.com',
  locale: 'en',
  timezone: 'Etc/UTC',
  password_allow_reset: true,
  password_require_update: false,
};

describe('POST /v1/user', () => {
  it('answers with the user and what is known of the password', async () => {
    const response = await server.json('POST', '/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email: 'Ada@Example.com',
      locale: 'de-ch',
      timezone: 'Europe/Zurich',
      password: PASSWORD,
      password_allow_reset: false,
      password_require_update: true,
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toStrictEqual({
      meta: { password_strength: 4, password_pwned: null },
      data: {
        ...ada,
        locale: 'de-CH',
        timezone: 'Europe/Zurich',
        password_allow_reset: false,
        password_require_update: true,
      },
    });
  });

  it('needs no more than the required fields', async () => {
    const body = { is_enabled: false, name: 'Ada', email: 'ada@example.com' };
    const response = await server.json('POST', '/v1/user', body);
    expect(response.json()).toStrictEqual({
      meta: { password_strength: null, password_pwned: null },
      data: { ...ada, is_enabled: false },
    });
  });

  it('says that a password is known', async () => {
    const body = { is_enabled: true, name: 'A', email: 'a@example.com', password: 'password' };
    const response = await server.json('POST', '/v1/user', body);
    expect(response.json().meta).toStrictEqual({ password_strength: 1, password_pwned: true });
  });
});

describe('GET /v1/user/{id}', () => {
  it('answers with the user', async () => {
    const { user } = await enrolled(server);
    const response = await server.json('GET', `/v1/user/${user.id}`);
    expect([response.statusCode, response.json()]).toStrictEqual([200, { data: ada }]);
  });

  it('answers HEAD', async () => {
    const { user } = await enrolled(server);
    const headers = { authorization: server.serviceKey };
    const head = await server.app.inject({ method: 'HEAD', url: `/v1/user/${user.id}`, headers });
    expect([head.statusCode, head.body]).toStrictEqual([200, '']);
  });
});

it('takes ids in capitals too', async () => {
  const id = '01900000-0000-7000-8000-abcdefabcdef';
  const user = aUser({ id, createdBy: server.service.id });
  await server.database.transact(({ users }) => users.insert(user, null));
  const user_id = id.toUpperCase();
  const read = await server.json('GET', `/v1/user/${user_id}`);
  expect(read.json().data).toMatchObject({ id });
  const body = { is_enabled: true, type: 'KEY', name: 'web', user_id };
  expect((await server.json('POST', '/v1/key', body)).json().data.key.user_id).toBe(id);
});

describe('POST /v1/key', () => {
  const keyOf = (type: string, userId: string) => ({
    id: UUID,
    created_at: TIME,
    updated_at: TIME,
    is_enabled: true,
    is_revoked: false,
    type,
    name: 'web',
    service_id: server.service.id,
    user_id: userId,
  });

  it.each([
    ['KEY', /^rku_\w{43}$/],
    ['TOKEN', /^rku_\w{43}$/],
    ['TOTP', /^[A-Z2-7]{32}$/],
  ])('answers with a %s key and, this once, its value', async (type, value) => {
    const body = { is_enabled: true, name: 'Ada', email: 'ada@example.com' };
    const { id } = (await server.json('POST', '/v1/user', body)).json().data;
    const response = await server.json('POST', '/v1/key', {
      is_enabled: true,
      type,
      name: 'web',
      user_id: id.toUpperCase(),
    });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toStrictEqual({
      data: { key: keyOf(type, id), value: expect.stringMatching(value) },
    });
    const read = await server.json('GET', `/v1/key/${response.json().data.key.id}`);
    expect([read.statusCode, read.json()]).toStrictEqual([200, { data: keyOf(type, id) }]);
  });

  it('names the field of a user that does not exist', async () => {
    const user_id = '01900000-0000-7000-8000-ffffffffffff';
    const body = { is_enabled: true, type: 'KEY', name: 'web', user_id };
    const response = await server.json('POST', '/v1/key', body);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toMatchObject([{ field: 'user_id' }]);
  });
});

describe('POST /v1/auth/provider/local/login', () => {
  it('answers with the user and both tokens', async () => {
    const { user } = await enrolled(server);
    const body = { email: 'ada@example.com', password: PASSWORD };
    const response = await server.json('POST', `${LOCAL}/login`, body);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toStrictEqual({
      meta: { password_strength: 4, password_pwned: null },
      user: { ...ada, id: user.id },
      access: {
        token: expect.stringMatching(/^signed-token-/),
        token_expires: Date.parse(TIME) / 1000 + 3600,
      },
      refresh: {
        token: expect.stringMatching(/^rkf_\w{43}$/),
        token_expires: Date.parse(TIME) / 1000 + 86_400,
      },
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
    expect(JSON.parse(answers[0]?.text ?? '')).toStrictEqual({
      type: '/docs/errors#invalid_credentials',
      title: 'Invalid credentials',
      status: 400,
      detail: 'the e-mail address or the password is not right',
      code: 'invalid_credentials',
    });
  });
});

describe('POST /v1/auth/provider/local/update-password', () => {
  const body = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
  const change = (headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') =>
    server.json('POST', `${LOCAL}/update-password`, body, { headers, remoteAddress });

  /** The origin that the mail tells. */
  const mailedOrigin = async () => {
    await server.mailedTokens();
    return server.channels.mail.sent.at(-1)?.origin;
  };

  it('changes the password', async () => {
    await enrolled(server);
    const response = await change();
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { meta: { password_strength: 4, password_pwned: null } },
    ]);
    const login = { email: 'ada@example.com', password: 'battery staple' };
    expect((await server.json('POST', `${LOCAL}/login`, login)).statusCode).toBe(200);
  });

  it('names refused fields in snake case', async () => {
    await enrolled(server);
    const response = await server.json('POST', `${LOCAL}/update-password`, {
      ...body,
      new_password: 'short',
    });
    expect(response.json().errors).toStrictEqual([
      { field: 'new_password', message: 'must have 8 to 128 characters', code: 'too_short' },
    ]);
  });

  it('records where the request came from, and what it came with', async () => {
    await enrolled(server);
    await change({ 'user-agent': 'x'.repeat(400), 'x-forwarded-for': '203.0.113.9' });
    expect(await mailedOrigin()).toStrictEqual({
      address: '192.0.2.1',
      client: 'x'.repeat(300),
    });
  });

  it.each([
    ['a trusted proxy', '203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that adds to what was forwarded', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that does not know', 'unknown', '10.0.0.7'],
  ])('believes %s', async (_who, forwarded, address) => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': forwarded, 'user-agent': '' }, '10.0.0.7');
    expect(await mailedOrigin()).toStrictEqual({ address, client: null });
  });

  it('believes nobody else', async () => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': '203.0.113.9' }, '::ffff:192.0.2.1');
    expect((await mailedOrigin())?.address).toBe('192.0.2.1');
  });
});

describe('POST /v1/auth/provider/local/update-password/revoke', () => {
  it('locks the account, once', async () => {
    const { user } = await enrolled(server);
    const change = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
    await server.json('POST', `${LOCAL}/update-password`, change);
    const [token] = await server.mailedTokens();
    const revoke = () => server.json('POST', `${LOCAL}/update-password/revoke`, { token });

    const response = await revoke();
    expect([response.statusCode, response.json()]).toStrictEqual([200, { audit: null }]);
    const read = await server.json('GET', `/v1/user/${user.id}`);
    expect(read.json().data.is_enabled).toBe(false);

    const again = await revoke();
    expect([again.statusCode, again.json().code]).toStrictEqual([400, 'invalid_one_time_token']);
  });
});

describe('ids that lead nowhere', () => {
  it.each([
    'not-a-uuid',
    '01900000-0000-7000-8000-ffffffffffff',
    '01900000-0000-7000-8000-fffffffffff%20',
    'x'.repeat(200),
    '%2e%2e',
    '__proto__',
  ])('are not found: %s', async (id) => {
    for (const kind of ['user', 'key']) {
      const response = await server.json('GET', `/v1/${kind}/${id}`);
      expect([response.statusCode, response.json()]).toStrictEqual([
        404,
        {
          type: '/docs/errors#not_found',
          title: 'Not found',
          status: 404,
          detail: 'not found',
          code: 'not_found',
        },
      ]);
    }
  });

  it('are those of other services too', async () => {
    const { user, key } = await enrolled(server);
    const headers = { authorization: await server.otherServiceKey() };
    for (const url of [`/v1/user/${user.id}`, `/v1/key/${key.id}`]) {
      const response = await server.json('GET', url, undefined, { headers });
      expect([response.statusCode, response.json().code]).toStrictEqual([404, 'not_found']);
    }
  });
});

describe('who may call', () => {
  const call = (authorization: string | undefined, url: string, body?: object) =>
    server.app.inject({
      method: body ? 'POST' : 'GET',
      url,
      headers: authorization === undefined ? {} : { authorization },
      ...(body && { payload: body }),
    });

  it.each([
    ['the key', (key: string) => key],
    ['key and the key', (key: string) => `key ${key}`],
    ['KEY and the key', (key: string) => `KEY ${key}`],
    ['Bearer and the key', (key: string) => `Bearer ${key}`],
    ['bearer, spaces and the key', (key: string) => `bearer   ${key}`],
  ])('who sends %s', async (_what, header) => {
    const { user } = await enrolled(server);
    const response = await call(header(server.serviceKey), `/v1/user/${user.id}`);
    expect(response.statusCode).toBe(200);
  });

  it.each([
    ['nothing', () => undefined],
    ['an empty header', () => ''],
    ['a scheme alone', () => 'Bearer'],
    ['an unknown key', () => 'rks_unknown'],
    ['another scheme', () => `Basic ${server.serviceKey}`],
    ['two keys', () => `${server.serviceKey} ${server.serviceKey}`],
    ['a list of keys', () => `${server.serviceKey}, ${server.serviceKey}`],
    ['a scheme twice', () => `Bearer Bearer ${server.serviceKey}`],
    ['another scheme glued on', () => `Key:${server.serviceKey}`],
    ['a key of a user', () => 'user key'],
  ])('and not who sends %s', async (_what, header) => {
    const { user } = await enrolled(server);
    const created = { is_enabled: true, type: 'KEY', name: 'k', user_id: user.id };
    const userKey = (await server.json('POST', '/v1/key', created)).json().data.value;
    const sent = header();
    const authorization = sent === 'user key' ? userKey : sent;
    const response = await call(authorization, `/v1/user/${user.id}`);
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="rekey"');
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json()).toStrictEqual({
      type: '/docs/errors#unauthorized',
      title: 'Unauthorized',
      status: 401,
      detail: 'a valid key or token is required',
      code: 'unauthorized',
    });
  });

  it('lets a root key look', async () => {
    const { user, key } = await enrolled(server);
    expect((await call(server.rootKey, `/v1/user/${user.id}`)).statusCode).toBe(200);
    expect((await call(server.rootKey, `/v1/key/${key.id}`)).statusCode).toBe(200);
  });

  it.each([
    '/v1/user',
    '/v1/key',
    `${LOCAL}/login`,
    `${LOCAL}/update-password`,
    `${LOCAL}/update-password/revoke`,
  ])('refuses a root key at %s as one that is not valid', async (url) => {
    const root = await call(server.rootKey, url, {});
    const unknown = await call('rkr_unknown', url, {});
    expect(root.statusCode).toBe(401);
    expect(root.body).toBe(unknown.body);
  });
});
