import { fakeAuthenticator } from '@rekey/usecases/testing';
import type { LightMyRequestResponse } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, UUID } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const AT = '/v1/auth/webauthn';
const email = 'ada@example.com';
const time = '2026-01-02T03:04:05.000Z';

const login = async () => {
  const credentials = { email, password: PASSWORD };
  return (await server.json('POST', '/v1/auth/provider/local/login', credentials)).json();
};

/** A person with a session, and what a backend does for the person. */
async function aPerson() {
  const { user } = await enrolled(server);
  const { access } = await login();
  const headers = { 'user-authorization': `token ${access.token}` };
  const authenticator = fakeAuthenticator();
  const call = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    server.json(method, `${AT}/${path}`, body, { headers });
  const answer = async () => {
    const start = await call('POST', 'register/start', { email });
    return authenticator.create(start.json().options);
  };
  const register = async () =>
    call('POST', 'register/finish', { email, response: await answer(), device_name: 'Phone' });
  return { user, headers, authenticator, call, answer, register };
}

const post = (path: string, body: object) => server.json('POST', `${AT}/${path}`, body);

const statuses = { forbidden: 403, not_found: 404, invalid_token: 400, invalid_credentials: 400 };

function expectRefused(answer: LightMyRequestResponse, code: keyof typeof statuses): void {
  expect([answer.statusCode, answer.json().code]).toStrictEqual([statuses[code], code]);
}

describe('/v1/auth/webauthn/register', () => {
  it('asks the browser for a passkey, and adds it', async () => {
    const { call, register, user } = await aPerson();
    const start = await call('POST', 'register/start', { email, origin: 'https://rekey.example' });
    expect([start.statusCode, start.json()]).toStrictEqual([
      200,
      {
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        options: expect.objectContaining({
          challenge: start.json().challenge,
          rp: { id: 'rekey.example', name: 'Shop' },
          user: expect.objectContaining({ name: email, displayName: user.name }),
          attestation: 'none',
        }),
      },
    ]);
    const finish = await register();
    expect([finish.statusCode, finish.json()]).toStrictEqual([
      200,
      {
        data: {
          id: UUID,
          name: 'Phone',
          created_at: time,
          last_used_at: null,
          transports: ['internal', 'hybrid'],
          is_backup_eligible: true,
          is_backed_up: false,
          is_user_verified: true,
        },
      },
    ]);
  });

  it('is for the user whose access token is sent along alone', async () => {
    const { answer } = await aPerson();
    const response = await answer();
    expectRefused(await post('register/start', { email }), 'forbidden');
    expectRefused(await post('register/finish', { email, response }), 'forbidden');
    expectRefused(await server.json('GET', `${AT}/credential`), 'forbidden');
    const challenge = 'rkc_made-up';
    expectRefused(await post('register/start', { email, challenge }), 'invalid_token');
    const finish = { email, response, challenge };
    expectRefused(await post('register/finish', finish), 'invalid_token');
  });

  it('refuses whatever is no answer of a browser', async () => {
    const { call } = await aPerson();
    for (const response of [{}, { id: 'AAAA' }, { response: 'any text' }]) {
      const { statusCode, ...rest } = await call('POST', 'register/finish', { email, response });
      expect([statusCode, rest.json().errors[0].field]).toStrictEqual([400, 'response']);
    }
    const text = await call('POST', 'register/finish', { email, response: 'any text' });
    expect(text.json().errors[0]).toMatchObject({ field: 'response', code: 'malformed' });
  });
});

describe('/v1/auth/webauthn/authenticate', () => {
  it('logs in with the answer to a question, once, like a login with a password', async () => {
    const { authenticator, register } = await aPerson();
    await register();
    const { options, challenge } = (await post('authenticate/start', { email })).json();
    expect(options.challenge).toBe(challenge);
    const response = await authenticator.get(options);
    const first = await post('authenticate/finish', { email, response });
    expect(first.statusCode).toBe(200);
    const withPassword = await login();
    expect(Object.keys(first.json())).toStrictEqual(Object.keys(withPassword));
    expect(first.json().meta).toStrictEqual({ password_strength: null, password_pwned: null });
    const verified = await server.json('POST', '/v1/auth/token/verify', {
      token: first.json().access.token,
    });
    expect(verified.statusCode).toBe(200);
    const again = await post('authenticate/finish', { email, response });
    expectRefused(again, 'invalid_credentials');
    expect(again.json().detail).toBe('this passkey does not log in here');
    const sessions = (await server.json('GET', '/v1/session')).json().data;
    expect(sessions.map(({ amr }: { amr: string[] }) => amr)).toContainEqual(['passkey']);
  });

  it('needs no address', async () => {
    const { authenticator, register } = await aPerson();
    await register();
    const { options } = (await post('authenticate/start', {})).json();
    expect(options.allowCredentials).toStrictEqual([]);
    const response = await authenticator.get(options);
    expect((await post('authenticate/finish', { response })).statusCode).toBe(200);
  });

  it('refuses everything else alike, to the byte', async () => {
    const { authenticator, register } = await aPerson();
    await register();
    const { options } = (await post('authenticate/start', { email })).json();
    const forged = await authenticator.get(options, { isForged: true });
    const good = await authenticator.get(options);
    const unknown = { ...good, id: 'AAAA', rawId: 'AAAA' };
    const answers = [];
    for (const response of [forged, unknown, {}, { id: 'AAAA' }]) {
      for (const who of [email, 'nobody@example.com']) {
        answers.push(await post('authenticate/finish', { email: who, response }));
      }
    }
    for (const answer of answers) expectRefused(answer, 'invalid_credentials');
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });
});

describe('/v1/auth/webauthn/credential', () => {
  it('lists the passkeys of the user, and removes one', async () => {
    const { call, register } = await aPerson();
    const { data } = (await register()).json();
    const list = await call('GET', 'credential');
    expect([list.statusCode, list.json()]).toStrictEqual([200, { data: [data] }]);
    const removed = await call('DELETE', `credential/${data.id.toUpperCase()}`);
    expect([removed.statusCode, removed.json()]).toStrictEqual([200, {}]);
    expect((await call('GET', 'credential')).json()).toStrictEqual({ data: [] });
    for (const id of [data.id, 'x'])
      expectRefused(await call('DELETE', `credential/${id}`), 'not_found');
  });
});
