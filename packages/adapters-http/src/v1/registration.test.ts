import { beforeEach, describe, expect, it } from 'vitest';
import { expectRefused, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
  await server.json('PATCH', `/v1/service/${server.service.id}`, { user_allow_register: true });
});

const LOCAL = '/v1/auth/provider/local';
const email = 'ada@example.com';
const password = 'battery staple';
const asked = { name: 'Ada', email, locale: 'de', timezone: 'Europe/Berlin' };

const register = (body: object = asked, headers: Record<string, string> = {}) =>
  server.json('POST', `${LOCAL}/register`, body, { headers });
const confirm = (body: object) => server.json('POST', `${LOCAL}/register/confirm`, body);
const mailed = async () => (await server.mailedTokens()).at(-1) ?? '';
const logIn = () => server.json('POST', `${LOCAL}/login`, { email, password });

describe('POST /v1/auth/provider/local/register', () => {
  it('answers alike whether or not there is such a user, and makes none', async () => {
    const body = { name: 'Grace', email: 'grace@example.com', password };
    await server.json('POST', '/v1/user', body);
    for (const address of [email, 'grace@example.com']) {
      const response = await register({ ...asked, email: address });
      expect([response.statusCode, response.body]).toStrictEqual([200, '{}']);
    }
    expect((await server.json('GET', `/v1/user?email=${email}`)).json().data).toStrictEqual([]);
    expect(await server.mailedTokens()).toHaveLength(2);
  });

  it('is a 400 where the service takes no registrations', async () => {
    await server.json('PATCH', `/v1/service/${server.service.id}`, { user_allow_register: false });
    const response = await register();
    expect([response.statusCode, response.json().code]).toStrictEqual([400, 'registration_closed']);
    expect(response.json().error).toBe('RedactedError');
  });

  it('names every field that is wrong', async () => {
    const response = await register({ name: '', email: '@', locale: '', timezone: 'x', more: 1 });
    expect(response.statusCode).toBe(400);
    const fields = response.json().errors.map(({ field }: { field: string }) => field);
    expect(fields.toSorted()).toStrictEqual(['email', 'locale', 'more', 'name', 'timezone']);
  });

  it('is for service keys', async () => {
    for (const authorization of [server.rootKey, 'wrong']) {
      expect((await register(asked, { authorization })).statusCode).toBe(401);
    }
  });
});

describe('POST /v1/auth/provider/local/register/confirm', () => {
  it('makes a user who can log in, whose address is valid, and says how good the password is', async () => {
    await register();
    const response = await confirm({ token: await mailed(), password });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { meta: { password_strength: 4, password_pwned: null } },
    ]);
    const login = await logIn();
    expect(login.statusCode).toBe(200);
    expect(login.json().user).toMatchObject({ ...asked, email_valid: true });
  });

  it('takes no password, and says nothing of one then', async () => {
    await register();
    const response = await confirm({ token: await mailed(), password_allow_reset: false });
    expect(response.json()).toStrictEqual({
      meta: { password_strength: null, password_pwned: null },
    });
    const { data } = (await server.json('GET', `/v1/user?email=${email}`)).json();
    expect(data[0].password_allow_reset).toBe(false);
  });

  it('refuses a password by its name, and leaves the token good', async () => {
    await register();
    const token = await mailed();
    const refused = await confirm({ token, password: 'short' });
    expect([refused.statusCode, refused.json().errors[0].field]).toStrictEqual([400, 'password']);
    expect((await confirm({ token, password })).statusCode).toBe(200);
  });

  it('has one answer to tokens that are unknown, used, replaced or of another kind', async () => {
    await register();
    const replaced = await mailed();
    await register();
    const used = await mailed();
    await confirm({ token: used, password });
    const other = await mailed();
    for (const token of ['x', replaced, used, other]) {
      const detail = 'this link is unknown, used or expired';
      expectRefused(await confirm({ token, password }), 'invalid_one_time_token', detail);
    }
  });
});

describe('POST /v1/auth/provider/local/validate-email/confirm', () => {
  it('proves the address, again and again, and no other token does', async () => {
    await register();
    await confirm({ token: await mailed(), password });
    const new_email = 'ada@example.net';
    await server.json('POST', `${LOCAL}/update-email`, { email, password, new_email });
    const isValid = async () =>
      (await server.json('GET', `/v1/user?email=${new_email}`)).json().data[0].email_valid;
    expect(await isValid()).toBe(false);
    const tokens = await server.mailedTokens();
    const url = `${LOCAL}/validate-email/confirm`;
    const statuses: number[] = [];
    for (const token of [...tokens, ...tokens]) {
      statuses.push((await server.json('POST', url, { token })).statusCode);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(await isValid()).toBe(true);
  });
});
