import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, expectRefused, PASSWORD, problemAt, type Rig, rig } from '../../test/harness.ts';

const LOGIN = '/v1/auth/provider/local/login';
const TOTP = '/v1/auth/factor/totp';
const STEP_MS = 30_000;

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const post = async (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });
const credentials = { email: 'ada@example.com', password: PASSWORD };
const login = async (more: object = {}) => post(LOGIN, { ...credentials, ...more });
const personal = (token: string) => ({ 'user-authorization': `token ${token}` });

/** A user with a factor, and a session that was opened before it. */
async function withFactor() {
  const { user } = await enrolled(server);
  const { access } = (await login()).json();
  const headers = personal(access.token);
  const { secret } = (await post(TOTP, { user_id: user.id }, headers)).json();
  const codeAt = (at = server.clock.now()) => server.totp.codeAt(secret, at);
  const confirmation = { user_id: user.id, totp: codeAt(server.clock.now() - STEP_MS) };
  const confirmed = await post(`${TOTP}/confirm`, confirmation, headers);
  return { user, headers, codeAt, token: access.token, confirmed };
}

describe('POST /v1/auth/factor/totp', () => {
  it('shows the seed as a URI, a text and a QR code, and confirm the recovery codes', async () => {
    const { user } = await enrolled(server);
    const { access } = (await login()).json();
    const shown = await post(TOTP, { user_id: user.id.toUpperCase() }, personal(access.token));
    const { secret } = shown.json();
    expect([shown.statusCode, shown.json()]).toStrictEqual([
      200,
      {
        uri: `otpauth://totp/Shop:ada%40example.com?secret=${secret}&issuer=Shop&algorithm=SHA1&digits=6&period=30`,
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
        png: expect.stringMatching(/^iVBORw0KGgo/),
      },
    ]);
    server = await rig();
    const { confirmed } = await withFactor();
    expect([confirmed.statusCode, confirmed.json()]).toStrictEqual([
      200,
      {
        recovery_codes: Array.from({ length: 10 }, () => expect.stringMatching(/^[a-z2-7-]{19}$/)),
      },
    ]);
  });

  it('is 403 for whom User-Authorization does not prove, or proves with a key', async () => {
    const { user } = await enrolled(server);
    const input = { type: 'KEY', name: 'k', user_id: user.id };
    const { value } = (await post('/v1/key', input)).json().data;
    for (const headers of [{}, { 'user-authorization': `key ${value}` }]) {
      for (const path of ['', '/confirm', '/remove', '/recovery-codes']) {
        const response = await post(`${TOTP}${path}`, { user_id: user.id, totp: '1' }, headers);
        expect([path, response.statusCode, response.json().code]).toStrictEqual([
          path,
          403,
          'forbidden',
        ]);
      }
    }
  });

  it('is removed, and gives new recovery codes, with a code', async () => {
    const { user, headers, codeAt } = await withFactor();
    const wrong = { user_id: user.id, totp: '000000' };
    for (const path of ['/remove', '/recovery-codes']) {
      const refused = await post(`${TOTP}${path}`, wrong, headers);
      expectRefused(refused, 'invalid_credentials', 'the code is not right');
      const missing = await post(`${TOTP}${path}`, { user_id: user.id }, headers);
      expect([missing.statusCode, missing.json().errors[0].field]).toStrictEqual([400, 'totp']);
    }
    const right = { user_id: user.id, totp: codeAt() };
    const renewed = await post(`${TOTP}/recovery-codes`, right, headers);
    const [recovery_code, , ...more] = renewed.json().recovery_codes;
    expect([renewed.statusCode, more.length]).toStrictEqual([200, 8]);
    const both = { ...right, recovery_code };
    expect((await post(`${TOTP}/remove`, both, headers)).statusCode).toBe(400);
    const removed = await post(`${TOTP}/remove`, { user_id: user.id, recovery_code }, headers);
    expect([removed.statusCode, removed.json()]).toStrictEqual([200, {}]);
    expect((await login()).statusCode).toBe(200);
  });
});

describe('a login that lacks a second factor', () => {
  it('is 403 with a challenge, and goes on with a code', async () => {
    const { user, codeAt } = await withFactor();
    const refused = await login();
    expect([refused.statusCode, refused.json()]).toStrictEqual([
      403,
      {
        ...problemAt('/v1', 'second_factor_required', 'this takes a second factor as well'),
        challenge: expect.stringMatching(/^rkc_/),
      },
    ]);
    const { challenge } = refused.json();
    const wrong = await post(`${LOGIN}/factor`, { challenge, totp: '000000' });
    const message = 'the code is not right, or it is too late for it';
    expectRefused(wrong, 'invalid_credentials', message);
    const unknown = await post(`${LOGIN}/factor`, { challenge: 'none', totp: codeAt() });
    expect(unknown.body).toBe(wrong.body);
    const right = await post(`${LOGIN}/factor`, { challenge, totp: codeAt() });
    expect(right.statusCode).toBe(200);
    expect(right.json()).toMatchObject({
      meta: { password_strength: null, password_pwned: null },
      user: { id: user.id },
      device: expect.any(String),
    });
    const verified = await post('/v1/auth/token/verify', { token: right.json().access.token });
    expect(verified.json()).toMatchObject({
      amr: ['pwd', 'otp'],
      acr: 'aal2',
      auth_time: Math.floor(server.clock.now() / 1000),
    });
  });

  it('takes the code at once', async () => {
    const { codeAt } = await withFactor();
    const wrong = await login({ totp: '000000' });
    expect(wrong.body).toBe((await login({ password: 'not this one' })).body);
    expect((await login({ totp: codeAt() })).statusCode).toBe(200);
  });

  it('enrols a factor first where the service requires one', async () => {
    const { user } = await enrolled(server);
    const { rootKey: authorization, service } = server;
    const patch = { require_factor: true };
    await server.json('PATCH', `/v1/service/${service.id}`, patch, { headers: { authorization } });
    const refused = await login();
    expect([refused.statusCode, refused.json().code]).toStrictEqual([
      403,
      'factor_enrolment_required',
    ]);
    const { challenge } = refused.json();
    const { secret } = (await post(TOTP, { challenge })).json();
    const totp = server.totp.codeAt(secret, server.clock.now());
    const confirmed = await post(`${TOTP}/confirm`, { challenge, totp });
    const { recovery_codes: codes, login: whole } = confirmed.json();
    expect([codes.length, whole.user.id]).toStrictEqual([10, user.id]);
    const verified = await post('/v1/auth/token/verify', { token: whole.access.token });
    expect(verified.json().acr).toBe('aal2');
    expect((await login()).json().code).toBe('second_factor_required');
  });
});

describe('POST /v1/auth/token/step-up', () => {
  const verify = (token: string, more: object) => post('/v1/auth/token/verify', { token, ...more });

  it('makes a session fresh that was not fresh enough', async () => {
    await enrolled(server);
    const { access } = (await login()).json();
    server.clock.set(server.clock.now() + 61_000);
    const stale = await verify(access.token, { max_age: 60 });
    expect([stale.statusCode, stale.json().code]).toStrictEqual([
      403,
      'insufficient_user_authentication',
    ]);
    const weak = await verify(access.token, { acr_values: ['aal2'] });
    expect(weak.json().code).toBe('insufficient_user_authentication');
    const step = { token: access.token, password: PASSWORD };
    const stepped = await post('/v1/auth/token/step-up', step);
    expect([stepped.statusCode, stepped.json()]).toStrictEqual([
      200,
      {
        user: expect.objectContaining({ email: credentials.email }),
        access: { token: expect.any(String), token_expires: expect.any(Number) },
        amr: ['pwd'],
        acr: 'aal1',
        auth_time: Math.floor(server.clock.now() / 1000),
      },
    ]);
    expect((await verify(stepped.json().access.token, { max_age: 60 })).statusCode).toBe(200);
  });
});
