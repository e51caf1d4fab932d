import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const LOCAL = '/v1/auth/provider/local';

describe('POST /v1/auth/provider/local/update-password', () => {
  const body = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
  const change = () => server.json('POST', `${LOCAL}/update-password`, body);

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
});

describe('the token of a mailed link', () => {
  const post = (url: string, body: object) => server.json('POST', url, body);
  const newKey = async (type: string, user_id: string) =>
    (await post('/v1/key', { is_enabled: true, type, name: 'web', user_id })).json().data;

  it.each([
    '/v1/auth/token/verify',
    '/v1/auth/token/refresh',
    '/v1/auth/token/revoke',
    '/v1/auth/key/verify',
    '/v1/auth/key/revoke',
    '/v1/auth/totp',
  ])('stays good whatever is done at %s', async (url) => {
    const { user, key } = await enrolled(server);
    const logIn = async (password: string) => {
      const body = { email: 'ada@example.com', password };
      return (await post(`${LOCAL}/login`, body)).json();
    };
    const { access, refresh } = await logIn(PASSWORD);
    const { value } = await newKey('KEY', user.id);
    const { value: seed } = await newKey('TOTP', user.id);
    const change = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
    await post(`${LOCAL}/update-password`, change);
    const link = (await server.mailedTokens()).at(-1);
    const again = await logIn('battery staple');
    const tokens = [access, refresh, again.access, again.refresh];
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

describe('POST /v1/password/check', () => {
  const check = (body: object, authorization = server.serviceKey) =>
    server.json('POST', '/v1/password/check', body, { headers: { authorization } });

  it('answers the verdict that a change would get, and a password that is refused is no error', async () => {
    server = await rig({
      options: { passwordPolicy: 'standard' },
      settings: { passwordPolicy: 'standard' },
    });
    const before = server.commits();
    const good = await check({ password: 'battery staple seven', email: 'ada@example.com' });
    expect([good.statusCode, good.json()]).toStrictEqual([
      200,
      { meta: { password_strength: 4, password_pwned: null }, errors: [] },
    ]);
    const short = await check({ password: 'ada', email: 'ada@example.com', name: 'Ada' });
    expect(short.json().errors).toStrictEqual([
      { field: 'password', message: 'must have 8 to 128 characters', code: 'too_short' },
      {
        field: 'password',
        message: 'must not hold the name of the e-mail address',
        code: 'contains_email',
      },
    ]);
    expect(server.commits()).toBe(before);
  });

  it('takes a root key too, and nobody without a key', async () => {
    expect((await check({ password: PASSWORD }, server.rootKey)).statusCode).toBe(200);
    expect((await check({ password: PASSWORD }, 'wrong')).statusCode).toBe(401);
  });

  it('refuses an address that is none', async () => {
    const response = await check({ password: PASSWORD, email: '@' });
    expect([response.statusCode, response.json().errors[0].field]).toEqual([400, 'email']);
  });
});
