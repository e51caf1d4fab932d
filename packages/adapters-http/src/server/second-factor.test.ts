import { readFileSync } from 'node:fs';
import { fakeAuthenticator } from '@rekey/usecases/testing';
import type { LightMyRequestResponse } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  PASSWORD,
  proveAddress,
  rig,
  signedUp,
  withFactor,
  withProviders,
} from '../../test/harness.ts';

const ADA = 'ada@example.com';
const ORION = 'orion@example.com';
const LOCAL = '/v1/auth/provider/local';
const NEW_PASSWORD = 'battery staple seven';
/** A passkey that verifies nobody is one factor. */
const UNVERIFIED = { isVerified: false };

/**
 * Ada at a service and Orion at the forms: each with a second factor, a passkey that is no second one, an address that both
 * sides have proven at a provider, and somebody who has all of that but the factor.
 */
async function robbed() {
  const server = await rig();
  const { user: ada, identity, asUser } = await withProviders(server);
  const { user: orion, token } = await signedUp(server);
  await proveAddress(server, ORION);
  const authenticator = fakeAuthenticator();
  const form = (path: string, fields: Record<string, string>, bearer?: string) =>
    server.form('POST', `/users/${path}`, fields, {
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    });
  const json = (path: string, body: object, headers: Record<string, string> = {}) =>
    server.json('POST', path, body, { headers });

  const register = '/v1/auth/webauthn/register';
  const headers = await asUser();
  const asked = await json(`${register}/start`, { email: ADA }, headers);
  const made = await authenticator.create(asked.json().options, UNVERIFIED);
  await json(`${register}/finish`, { email: ADA, response: made }, headers);
  const start = await form('webauthn/register/start', { email: ORION }, token);
  const own = await authenticator.create(start.json().options, UNVERIFIED);
  const finish = { email: ORION, response: JSON.stringify(own), origin: 'https://rekey.example' };
  await form('webauthn/register/finish', finish, token);

  const codes = {
    ada: await withFactor(server, ada.id),
    orion: await withFactor(server, orion.hash),
  };
  const login = () => json(`${LOCAL}/login`, { email: ADA, password: PASSWORD });
  const signIn = () => form('login', { email: ORION, password: PASSWORD });
  const atGoogle = { provider: 'google', issuer: 'https://accounts.google.com' } as const;
  const google = () =>
    server.providers.tokenFor(identity({ ...atGoogle, subject: '110169', verifiedEmail: ORION }));
  return { server, ada, orion, codes, authenticator, identity, form, json, login, signIn, google };
}
type Robbed = Awaited<ReturnType<typeof robbed>>;

/** Every call whose answer can hold a token of a session, as somebody makes it who lacks the factor. */
const plays: Record<string, (of: Robbed) => Promise<LightMyRequestResponse>> = {
  login: ({ login }) => login(),
  loginFactor: async ({ login, json }) =>
    json(`${LOCAL}/login/factor`, { challenge: (await login()).json().challenge, totp: '000000' }),
  signInWithProvider: async ({ server, identity, json }) => {
    const path = '/v1/auth/provider/github/oauth2';
    const { url } = (await server.json('GET', path)).json();
    return json(path, server.providers.codeFor(url, identity()));
  },
  confirmTotp: async ({ login, json, ada }) => {
    const { challenge } = (await login()).json();
    return json('/v1/auth/factor/totp/confirm', { user_id: ada.id, challenge, totp: '000000' });
  },
  logInWithPasskey: async ({ json, authenticator }) => {
    const path = '/v1/auth/webauthn/authenticate';
    const { options } = (await json(`${path}/start`, { email: ADA })).json();
    const [{ id: credentialId }] = options.allowCredentials;
    const response = await authenticator.get(options, { ...UNVERIFIED, credentialId });
    return json(`${path}/finish`, { email: ADA, response });
  },
  signUpAndSignIn: ({ form }) =>
    form('createAuthenticate', { name: 'Orion', email: ORION, password: PASSWORD }),
  signIn: ({ signIn }) => signIn(),
  authenticate: ({ form }) => form('authenticate', { email: ORION, password: PASSWORD }),
  signInWithGoogle: ({ form, google }) => form('login/google', { idToken: google() }),
  signInWithFactor: async ({ signIn, form }) =>
    form('login/2fa', {
      email: ORION,
      challenge: (await signIn()).json().challenge,
      code: '000000',
    }),
  signInWithGoogleAndFactor: async ({ form, google }) => {
    const { challenge } = (await form('login/google', { idToken: google() })).json();
    return form('login/google/2fa', { email: ORION, challenge, code: '000000' });
  },
  validateFactor: async ({ signIn, form }) => {
    const { challenge } = (await signIn()).json();
    const fields = { email: ORION, password: PASSWORD, challenge, code: '000000' };
    return form('google/2FAuth/validate', fields);
  },
  signInWithPasskey: async ({ form, authenticator }) => {
    const { options } = (await form('webauthn/authenticate/start', { email: ORION })).json();
    const [{ id: credentialId }] = options.allowCredentials;
    const shown = await authenticator.get(options, { ...UNVERIFIED, credentialId });
    return form('webauthn/authenticate/finish', { email: ORION, response: JSON.stringify(shown) });
  },
};

/** These go on with a session, which was opened with the factor. */
const goOn = ['verifyToken', 'refreshToken', 'stepUp', 'changeAccount', 'changeEmail'];

const described = await rig();
await described.app.ready();
/** The routes whose answer can hold a token of a session. */
const openers = described.routes().filter(({ schema: { response, isHidden } }) => {
  const answer = JSON.stringify((response as Record<string, unknown> | undefined)?.[200] ?? null);
  return !isHidden && /"token":\{|token\.of\.a-login/.test(answer);
});

let of: Robbed;
beforeEach(async () => {
  of = await robbed();
});

const sessions = () =>
  of.server.useCases.sessions.listSessions.execute(
    { kind: 'operator', origin: null },
    { userIds: [of.ada.id, of.orion.hash], page: { limit: 50 } },
  );

describe('a second factor', () => {
  it('is played here at each call that can answer a token of a session', () => {
    const named = openers.map(({ schema }) => schema.operationId);
    expect([...Object.keys(plays), ...goOn].toSorted()).toEqual(named.toSorted());
  });

  it('has a line in its page for each of them', () => {
    const page = new URL('../../../../docs/use-cases/factors.md', import.meta.url);
    const table = /## Who is asked for it\n([\s\S]*?)\n## /.exec(readFileSync(page, 'utf8'))?.[1];
    for (const { method, url } of openers) {
      expect(table).toContain(`\`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}\``);
    }
  });

  it.each(Object.entries(plays))(
    'is asked for, and nothing is opened without it: %s',
    async (_name, play) => {
      const before = await sessions();
      const answer = await play(of);
      const { requires2FA, code } = answer.json();
      expect([true, 'second_factor_required', 'invalid_credentials', 'invalid_token']).toContain(
        requires2FA ?? code,
      );
      expect(answer.body).not.toMatch(/"token":/);
      expect(await sessions()).toEqual(before);
    },
  );

  it('is left as it is by a new password from a mail, which opens no session', async () => {
    const { server, login, signIn, json } = of;
    await server.mailedTokens();
    await json(`${LOCAL}/reset-password`, { email: ADA });
    const [token] = await server.mailedTokens();
    const reset = await json(`${LOCAL}/reset-password/confirm`, { token, password: NEW_PASSWORD });
    expect([reset.statusCode, reset.body.includes('token"')]).toEqual([200, false]);
    expect((await login()).json().code).toBe('invalid_credentials');
    const next = await json(`${LOCAL}/login`, { email: ADA, password: NEW_PASSWORD });
    expect(next.json().code).toBe('second_factor_required');

    await server.mailedTokens();
    await server.form('POST', '/users/recoverPassword', { email: ORION });
    const [mailed = ''] = await server.mailedTokens();
    const fields = { token: mailed, newPassword: NEW_PASSWORD };
    const recovered = await server.form('POST', '/users/recoverPassword/confirm', fields);
    expect([recovered.statusCode, recovered.json().using2FA]).toEqual([200, true]);
    expect((await signIn()).statusCode).toBe(401);
    const asked = { email: ORION, password: NEW_PASSWORD };
    expect((await server.form('POST', '/users/login', asked)).json().requires2FA).toBe(true);
    expect(await sessions()).toEqual([]);
  });
});
