import type { Identity } from '@rekey/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  proveAddress,
  type Rig,
  rig,
  signedUp,
  TIME,
  UUID,
  withFactor,
} from '../../test/harness.ts';

const LOGIN = '/users/login/google';
const EMAIL = 'orion@example.com';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const tokenFor = (details: Partial<Identity> = {}) =>
  server.providers.tokenFor({
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: '110169',
    verifiedEmail: EMAIL,
    name: 'Orion',
    ...details,
  });
const login = (idToken: string) => server.form('POST', LOGIN, { idToken });

describe('POST /users/login/google', () => {
  it('answers like a login', async () => {
    const { user } = await signedUp(server);
    await proveAddress(server, EMAIL);
    const response = await login(tokenFor());
    const { token } = response.json();
    const shown = { ...user, emailValid: true };
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        user: shown,
        token: expect.any(String),
        authentication: { user: shown, token },
        requires2FA: false,
        message: null,
        device: expect.any(String),
      },
    ]);
    const headers = { authorization: `Bearer ${token}` };
    const sessions = await server.app.inject({ url: '/users/sessions', headers });
    expect(sessions.json()).toMatchObject([{ amr: ['pwd'] }, { amr: ['google'], current: true }]);
  });

  it('is a 401 for a token that proves nothing, with the body of every other refusal', async () => {
    const { user } = await signedUp(server);
    await server.useCases.users.updateUser.execute(
      { kind: 'operator', origin: null },
      { id: user.hash, isEnabled: false },
    );
    const bodies = [];
    for (const token of ['made-up', tokenFor({ verifiedEmail: null }), tokenFor()]) {
      const response = await login(token);
      expect(response.statusCode).toBe(401);
      bodies.push(response.body.replace(/"instance":"[^"]*"/, ''));
    }
    expect(new Set(bodies).size).toBe(1);
  });

  it('asks for the code of a person who wants one there, and goes on with it at its own path', async () => {
    const { user } = await signedUp(server);
    await proveAddress(server, EMAIL);
    const codeAt = await withFactor(server, user.hash);
    const asked = await login(tokenFor());
    const challenge = expect.stringMatching(/^rkc_/);
    expect([asked.statusCode, asked.json()]).toStrictEqual([
      200,
      { authentication: null, requires2FA: true, message: '2FA code required', challenge },
    ]);
    const code = codeAt();
    const fields = { email: EMAIL, challenge: asked.json().challenge };
    const goOn = (more: Record<string, string>) =>
      server.form('POST', `${LOGIN}/2fa`, { ...fields, ...more });
    expect((await goOn({ code: '000000' })).statusCode).toBe(401);
    const entered = await goOn({ code });
    expect(entered.json()).toMatchObject({ requires2FA: false, user: { hash: user.hash } });
    const headers = { authorization: `Bearer ${entered.json().token}` };
    const sessions = await server.app.inject({ url: '/users/sessions', headers });
    expect(sessions.json().at(-1)).toMatchObject({ amr: ['google', 'otp'], current: true });
  });

  it('makes an account in the language of the browser', async () => {
    const payload = new URLSearchParams({ idToken: tokenFor() }).toString();
    const headers = {
      'accept-language': 'de-AT',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const { user } = (
      await server.app.inject({ method: 'POST', url: LOGIN, headers, payload })
    ).json();
    expect(user).toMatchObject({ name: 'Orion', email: EMAIL, emailValid: true });
    const made = await server.database.read(({ users }) => users.get(user.hash));
    expect(made?.locale).toBe('de-AT');
  });

  it('takes no visit of the link, as clients of orion users make it, for a proof of the address', async () => {
    const { user } = await signedUp(server);
    await server.mailedTokens();
    const { searchParams } = new URL(server.channels.mail.sent.at(-1)?.link ?? '');
    const visit = `/users/validateEmail?${searchParams}`;
    await server.app.inject({ url: visit, headers: { accept: 'text/plain' } });
    const claim = { email: EMAIL, password: 'correct horse' };
    const before = await server.form('POST', '/users/login', claim);
    expect(before.json().user.emailValid).toBe(true);
    expect((await login(tokenFor())).json().user.hash).toBe(user.hash);
    // The account was emptied first, as one that nobody proved.
    expect((await server.form('POST', '/users/login', claim)).statusCode).toBe(401);
  });

  it('gives an account that somebody else made with the address to its owner, and ends their session', async () => {
    const { user, token } = await signedUp(server);
    const response = await login(tokenFor());
    expect(response.json().user).toMatchObject({ hash: user.hash, emailValid: true });
    const headers = { authorization: `Bearer ${token}` };
    expect((await server.app.inject({ url: '/users/me', headers })).statusCode).toBe(401);
    const byPassword = await server.form('POST', '/users/login', {
      email: EMAIL,
      password: 'correct horse',
    });
    expect(byPassword.statusCode).toBe(401);
  });
});

describe('/users/providers', () => {
  it('makes, lists and removes links of the own account', async () => {
    const { token } = await signedUp(server);
    await proveAddress(server, EMAIL);
    const headers = { authorization: `Bearer ${token}` };
    const idToken = tokenFor({ verifiedEmail: 'other@example.net' });
    const made = await server.form('POST', '/users/providers/google', { idToken }, headers);
    const link = { id: UUID, createdAt: TIME, lastUsedAt: null, provider: 'google' };
    expect([made.statusCode, made.json()]).toStrictEqual([200, link]);
    const list = () => server.app.inject({ url: '/users/providers', headers });
    expect((await list()).json()).toStrictEqual([link]);
    const url = `/users/providers/${made.json().id}`;
    const removed = await server.app.inject({ method: 'DELETE', url, headers });
    expect(removed.statusCode).toBe(204);
    expect((await list()).json()).toStrictEqual([]);
  });

  it('adds no way into an account that nobody proved', async () => {
    const { token } = await signedUp(server);
    const headers = { authorization: `Bearer ${token}` };
    const fields = { idToken: tokenFor() };
    const response = await server.form('POST', '/users/providers/google', fields, headers);
    expect([response.statusCode, response.json().code]).toStrictEqual([400, 'address_not_proven']);
  });
});
