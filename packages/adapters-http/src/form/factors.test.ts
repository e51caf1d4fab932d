import { beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';

const STEP_MS = 30_000;
const QR_CODE = '/users/google/2FAuth/qrCode';
const VALIDATE = '/users/google/2FAuth/validate';
const TWO_FA = '/users/login/2fa';
const orion = { email: 'orion@example.com', password: PASSWORD };
const { email } = orion;

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const post = async (
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) => server.form('POST', url, fields, headers);
const json = { accept: 'application/json' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = (seed: string, at = server.clock.now()) => server.totp.codeAt(seed, at);
const login = async () => post('/users/login', orion);
const me = async (token: string) =>
  server.app.inject({ method: 'GET', url: '/users/me', headers: bearer(token) });

/** Somebody with a confirmed factor, and the session that confirmed it. */
async function withFactor() {
  const first = await signedUp(server);
  const { secret } = (await post(QR_CODE, orion, json)).json();
  const code = codeOf(secret, server.clock.now() - STEP_MS);
  const confirmed = await post(VALIDATE, { ...orion, code });
  return { secret, confirmed, token: confirmed.json().token, before: first.token };
}

describe('a seed', () => {
  it('is shown as a PNG, and as JSON to whoever asks for that', async () => {
    await signedUp(server);
    const png = await post(QR_CODE, orion);
    expect([png.statusCode, png.headers['content-type']]).toStrictEqual([200, 'image/png']);
    expect(png.rawPayload.readUInt32BE(16)).toBeGreaterThanOrEqual(400);
    const shown = await post(QR_CODE, orion, json);
    const { secret } = shown.json();
    expect(shown.json()).toStrictEqual({
      uri: `otpauth://totp/Rekey:orion%40example.com?secret=${secret}&issuer=Rekey&algorithm=SHA1&digits=6&period=30`,
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      challenge: expect.stringMatching(/^rkc_/),
    });
    expect((await post(QR_CODE, { ...orion, password: 'not this one' })).statusCode).toBe(401);
  });

  it('is confirmed with a code, logs in, is asked for from then on, and ends other sessions', async () => {
    const { confirmed, before, secret } = await withFactor();
    expect(confirmed.json()).toMatchObject({
      requires2FA: false,
      user: { using2FA: true, require2FAForBasicLogin: true, require2FAForSocialLogin: true },
    });
    expect((await me(before)).statusCode).toBe(401);
    const asked = await login();
    expect([asked.statusCode, asked.json()]).toStrictEqual([
      200,
      {
        authentication: null,
        requires2FA: true,
        message: '2FA code required',
        challenge: expect.stringMatching(/^rkc_/),
      },
    ]);
    expect(asked.headers['set-cookie']).toBeUndefined();
    const { challenge } = asked.json();
    const done = await post(TWO_FA, { email, code: codeOf(secret), challenge });
    expect([done.statusCode, done.json().user.email]).toStrictEqual([200, email]);
    const sessions = await server.app.inject({
      method: 'GET',
      url: '/users/sessions',
      headers: bearer(done.json().token),
    });
    expect(sessions.json().at(-1).amr).toStrictEqual(['pwd', 'otp']);
  });

  it('goes on without the challenge from the address of the login, and from no other', async () => {
    const { secret } = await withFactor();
    await login();
    const fields = { email, code: codeOf(secret) };
    const elsewhere = await server.app.inject({
      method: 'POST',
      url: TWO_FA,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
      remoteAddress: '198.51.100.7',
    });
    expect(elsewhere.statusCode).toBe(401);
    expect((await post(TWO_FA, fields)).statusCode).toBe(200);
  });
});

describe('what orion users let through', () => {
  it('a code that is right opens nothing where no password was proven', async () => {
    const { secret, token } = await withFactor();
    await post('/users/logout', { all: 'true' }, bearer(token));
    const wrong = await post(TWO_FA, { email, code: '000000' });
    for (const url of [TWO_FA, VALIDATE]) {
      const alone = await post(url, { email, code: codeOf(secret) });
      expect([url, alone.statusCode, alone.body]).toStrictEqual([url, 401, wrong.body]);
    }
    const nobody = await post(TWO_FA, { email: 'nobody@example.com', code: '000000' });
    expect(nobody.body).toBe(wrong.body);
  });

  it('the seed stands in no answer but the one that shows it', async () => {
    const { secret, token } = await withFactor();
    const answers = [
      await login(),
      await me(token),
      await post('/users/create', { name: 'Orion', ...orion }),
    ];
    for (const { body } of answers) expect(body).not.toContain(secret);
    expect(answers[1]?.json().secret2FA).toBeNull();
  });

  it('a code works once', async () => {
    const { secret } = await withFactor();
    const code = codeOf(secret);
    const first = (await login()).json().challenge;
    expect((await post(TWO_FA, { email, code, challenge: first })).statusCode).toBe(200);
    const second = (await login()).json().challenge;
    expect((await post(TWO_FA, { email, code, challenge: second })).statusCode).toBe(401);
    expect((await post(TWO_FA, { email, code, challenge: first })).statusCode).toBe(401);
  });

  it('a seed that is confirmed is replaced by nobody who has the password alone', async () => {
    const { secret } = await withFactor();
    const alone = await post(QR_CODE, orion, json);
    expect([alone.statusCode, alone.json().errors[0].field]).toStrictEqual([400, 'code']);
    expect((await post(QR_CODE, { ...orion, code: '000000' }, json)).statusCode).toBe(401);
    const shown = await post(QR_CODE, { ...orion, code: codeOf(secret) }, json);
    expect(shown.statusCode).toBe(200);
    server.clock.set(server.clock.now() + STEP_MS);
    const { challenge } = (await login()).json();
    const still = await post(TWO_FA, { email, code: codeOf(secret), challenge });
    expect(still.statusCode).toBe(200);
    const fresh = codeOf(shown.json().secret);
    expect((await post(VALIDATE, { ...orion, code: fresh })).statusCode).toBe(200);
  });

  it('a seed that is confirmed is replaced in a session that a code opened, with the password and not without', async () => {
    const { secret, token } = await withFactor();
    const ask = async (by: string | null, fields: Record<string, string> = orion) =>
      post(QR_CODE, fields, { ...json, ...(by !== null && bearer(by)) });
    const wrong = await ask(token, { email, password: 'not this one' });
    expect([wrong.statusCode, wrong.json().code]).toStrictEqual([401, 'invalid_credentials']);

    const fewer = { email, require2FAForSocialLogin: 'true', code: codeOf(secret) };
    expect((await post('/users/2fa/settings', fewer, bearer(token))).statusCode).toBe(200);
    const weak = (await login()).json().token;
    const lacking = await ask(weak);
    expect([lacking.statusCode, lacking.json().errors[0].field]).toStrictEqual([400, 'code']);

    const { token: other } = await signedUp(server, 'eve@example.com');
    const foreign = await ask(other);
    expect([foreign.statusCode, foreign.json().code]).toStrictEqual([403, 'forbidden']);
    for (const none of ['made-up', secret]) {
      const unknown = await ask(none);
      expect([unknown.statusCode, unknown.json().code]).toStrictEqual([401, 'unauthorized']);
    }

    const shown = await ask(token);
    expect(shown.statusCode).toBe(200);
    const fresh = () => codeOf(shown.json().secret);
    expect((await post(VALIDATE, { email, code: fresh() })).statusCode).toBe(200);
    expect((await ask(token)).statusCode).toBe(401);
    server.clock.set(server.clock.now() + STEP_MS);
    const { challenge } = (await login()).json();
    const gone = await post(TWO_FA, { email, code: codeOf(secret), challenge });
    expect(gone.statusCode).toBe(401);
    expect((await post(TWO_FA, { email, code: fresh(), challenge })).statusCode).toBe(200);
  });

  it('whoever lost the phone spends one recovery code to log in, and none to enrol the next phone', async () => {
    const { secret, token } = await withFactor();
    const renewed = await post('/users/2fa/recoveryCodes', { code: codeOf(secret) }, bearer(token));
    const [code] = renewed.json().codes;
    const { challenge } = (await login()).json();
    const back = (await post(TWO_FA, { email, code, challenge })).json().token;
    const shown = await post(QR_CODE, orion, { ...json, ...bearer(back) });
    expect(shown.statusCode).toBe(200);
    const fresh = codeOf(shown.json().secret);
    expect((await post(VALIDATE, { email, code: fresh })).statusCode).toBe(200);
    await server.mailedTokens();
    expect(server.channels.mail.sent.at(-1)?.factor).toEqual({ kind: 'totp', change: 'added' });
  });

  it('no login goes around the code: not a sign-up, and not the bare token', async () => {
    await withFactor();
    const again = await post('/users/createAuthenticate', { name: 'Orion', ...orion });
    expect([again.statusCode, again.json().requires2FA]).toStrictEqual([200, true]);
    expect(again.body).not.toContain('token');
    const bare = await post('/users/authenticate', orion);
    expect([bare.statusCode, bare.json().code]).toStrictEqual([401, 'invalid_credentials']);
  });

  it('less is demanded with a code alone, and of nobody else', async () => {
    const { secret, token } = await withFactor();
    const settings = (fields: Record<string, string>, more = bearer(token)) =>
      post('/users/2fa/settings', { email, ...fields }, more);
    expect((await settings({}, {} as never)).statusCode).toBe(401);
    expect((await settings({})).statusCode).toBe(400);
    expect((await settings({ code: '000000' })).statusCode).toBe(400);
    const { token: other } = await signedUp(server, 'eve@example.com');
    expect((await settings({ code: codeOf(secret) }, bearer(other))).statusCode).toBe(403);
    const less = await settings({ require2FAForSocialLogin: 'true', code: codeOf(secret) });
    expect([less.statusCode, less.json()]).toMatchObject([
      200,
      { using2FA: true, require2FAForBasicLogin: false, require2FAForSocialLogin: true },
    ]);
    expect((await login()).json().requires2FA).toBe(false);
  });

  it('it is disabled with a code alone, and a recovery code does', async () => {
    const { secret, token } = await withFactor();
    const wrong = await post('/users/2fa/disable', { code: '000000' }, bearer(token));
    expect([wrong.statusCode, wrong.json().code]).toStrictEqual([400, 'invalid_credentials']);
    const code = codeOf(secret);
    const renewed = await post('/users/2fa/recoveryCodes', { code }, bearer(token));
    const { codes } = renewed.json();
    expect([renewed.statusCode, codes.length]).toStrictEqual([200, 10]);
    const replay = await post('/users/2fa/disable', { code }, bearer(token));
    expect(replay.statusCode).toBe(400);
    const off = await post('/users/2fa/disable', { code: codes[0] }, bearer(token));
    expect([off.statusCode, off.json().using2FA]).toStrictEqual([200, false]);
    expect((await login()).json().requires2FA).toBe(false);
  });

  it('a password that is wrong refuses a code that is right, and spends it not', async () => {
    await signedUp(server);
    const { secret } = (await post(QR_CODE, orion, json)).json();
    const code = codeOf(secret);
    const work = server.hashing();
    const wrong = await post(VALIDATE, { email, password: 'not this one', code });
    const both = await post(VALIDATE, { email, password: 'not this one', code: '000000' });
    expect(server.hashing() - work).toBe(2);
    expect([wrong.statusCode, both.body]).toStrictEqual([401, wrong.body]);
    expect((await post(VALIDATE, { ...orion, code })).statusCode).toBe(200);
  });
});
