import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, expectRefused, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const RESET = '/v1/auth/provider/local/reset-password';
const LOGIN = '/v1/auth/provider/local/login';
const NEW = 'battery staple';
const email = 'ada@example.com';

const ask = (body: object = { email }) => server.json('POST', RESET, body);
const confirm = (token: string, password = NEW) =>
  server.json('POST', `${RESET}/confirm`, { token, password });
const logIn = (password: string) => server.json('POST', LOGIN, { email, password });
const mailed = async () => (await server.mailedTokens()).at(-1) ?? '';

describe('POST /v1/auth/provider/local/reset-password', () => {
  it('answers alike whether or not there is such a user', async () => {
    await enrolled(server);
    const known = await ask();
    const unknown = await ask({ email: 'nobody@example.com' });
    for (const { statusCode, body } of [known, unknown]) {
      expect([statusCode, body]).toStrictEqual([200, '{}']);
    }
    expect(Object.keys(known.headers)).toStrictEqual(Object.keys(unknown.headers));
    expect(await server.mailedTokens()).toHaveLength(1);
  });

  it('refuses an address that is none, and names the field', async () => {
    const response = await ask({ email: '@' });
    expect([response.statusCode, response.json().errors[0].field]).toStrictEqual([400, 'email']);
  });

  it.each(['GET', 'HEAD'] as const)('is not %s', async (method) => {
    await enrolled(server);
    const { statusCode } = await server.app.inject({
      method,
      url: `${RESET}?email=${email}`,
      headers: { authorization: server.serviceKey },
    });
    expect(statusCode).toBe(405);
    expect(await server.mailedTokens()).toStrictEqual([]);
  });

  it('is for service keys', async () => {
    for (const authorization of [server.rootKey, 'wrong']) {
      const response = await server.json('POST', RESET, { email }, { headers: { authorization } });
      expect(response.statusCode).toBe(401);
    }
  });
});

describe('POST /v1/auth/provider/local/reset-password/confirm', () => {
  it('sets the password, proves the address, and says how good the password is', async () => {
    const { user } = await enrolled(server);
    await ask();
    const response = await confirm(await mailed());
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { meta: { password_strength: 4, password_pwned: null } },
    ]);
    expect([(await logIn(NEW)).statusCode, (await logIn(PASSWORD)).statusCode]).toEqual([200, 400]);
    const { data } = (await server.json('GET', `/v1/user/${user.id}`)).json();
    expect(data.email_valid).toBe(true);
  });

  it('ends the duty to change the password', async () => {
    const { user } = await enrolled(server);
    await server.json('PATCH', `/v1/user/${user.id}`, { password_require_update: true });
    expect((await logIn(PASSWORD)).statusCode).toBe(403);
    await ask();
    await confirm(await mailed());
    expect((await logIn(NEW)).statusCode).toBe(200);
  });

  it('names a password that is refused, and leaves the token good', async () => {
    await enrolled(server);
    await ask();
    const token = await mailed();
    for (const [password, code] of [
      ['short', 'too_short'],
      [PASSWORD, 'same_as_current'],
    ] as const) {
      const refused = await confirm(token, password);
      expect(refused.json().errors).toMatchObject([{ field: 'password', code }]);
    }
    expect((await confirm(token)).statusCode).toBe(200);
  });

  it('has one answer to tokens that are unknown, used, expired or of another kind', async () => {
    await enrolled(server);
    await ask();
    const token = await mailed();
    await ask();
    const newer = await mailed();
    await confirm(newer);
    const killSwitch = await mailed();
    for (const wrong of ['x', token, newer, killSwitch]) {
      const response = await confirm(wrong, 'yet another password');
      expectRefused(response, 'invalid_one_time_token', 'this link is unknown, used or expired');
    }
    expect((await confirm('')).json().errors).toMatchObject([
      { field: 'token', code: 'too_short' },
    ]);
  });
});

describe('POST /v1/user with an invitation', () => {
  const make = (more: object) =>
    server.json('POST', '/v1/user', { name: 'Ada', email, token_key: true, ...more });

  it('mails a link by which the user chooses a password', async () => {
    expect((await make({ invite: true })).statusCode).toBe(200);
    const token = await mailed();
    expect(server.channels.mail.sent.at(-1)).toMatchObject({ kind: 'invite', to: email });
    expect((await confirm(token)).statusCode).toBe(200);
    expect((await logIn(NEW)).statusCode).toBe(200);
  });

  it('is refused together with a password', async () => {
    const response = await make({ invite: true, password: PASSWORD });
    expect([response.statusCode, response.json().errors[0]]).toMatchObject([
      400,
      { field: 'invite', code: 'not_allowed' },
    ]);
    expect((await make({ invite: false, password: PASSWORD })).statusCode).toBe(200);
    expect(await server.mailedTokens()).toStrictEqual([]);
  });
});
