import { fakeAuthenticator } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const AT = '/users/webauthn';
const email = 'orion@example.com';
const origin = 'https://rekey.example';

const post = (path: string, fields: Record<string, string>, token?: string) =>
  server.form(
    'POST',
    `${AT}/${path}`,
    fields,
    token === undefined ? {} : { authorization: `Bearer ${token}` },
  );
const get = (path: string, token: string) =>
  server.app.inject({ url: `${AT}/${path}`, headers: { authorization: `Bearer ${token}` } });
const remove = (id: string, token: string) =>
  server.app.inject({
    method: 'DELETE',
    url: `${AT}/credentials/${id}`,
    headers: { authorization: `Bearer ${token}` },
  });

/** A person with a session, and with an authenticator. */
async function aPerson() {
  const { token } = await signedUp(server, email);
  const authenticator = fakeAuthenticator();
  const answer = async () => {
    const { options } = (await post('register/start', { email }, token)).json();
    return JSON.stringify(await authenticator.create(options));
  };
  const register = async () => {
    const fields = { email, origin, response: await answer(), deviceName: 'Phone' };
    return post('register/finish', fields, token);
  };
  const show = async (fields: Record<string, string> = { email }) => {
    const { options } = (await post('authenticate/start', fields)).json();
    return JSON.stringify(await authenticator.get(options));
  };
  return { token, authenticator, answer, register, show };
}

describe('/users/webauthn/register', () => {
  it('adds a passkey for the person whose token is sent', async () => {
    const { token, register } = await aPerson();
    const start = await post('register/start', { email, origin }, token);
    expect([start.statusCode, Object.keys(start.json())]).toStrictEqual([
      200,
      ['options', 'challenge'],
    ]);
    const finish = await register();
    expect([finish.statusCode, finish.json()]).toStrictEqual([
      200,
      { success: true, message: 'Passkey added' },
    ]);
    const list = await get('credentials', token);
    expect(list.json()).toStrictEqual([
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        deviceName: 'Phone',
        createdAt: '2026-01-02T03:04:05.000Z',
        lastUsedAt: null,
        transports: ['internal', 'hybrid'],
        backupEligible: true,
        backedUp: false,
        userVerified: true,
      },
    ]);
  });

  it('is 401 without a token, and 403 for the account of somebody else', async () => {
    const { token, answer } = await aPerson();
    await signedUp(server, 'rigel@example.com');
    const response = await answer();
    for (const path of ['register/start', 'register/finish']) {
      const fields = { email, origin, response };
      expect((await post(path, fields)).statusCode).toBe(401);
      for (const other of ['rigel@example.com', 'nobody@example.com']) {
        const refused = await post(path, { ...fields, email: other }, token);
        expect([refused.statusCode, refused.json().code]).toStrictEqual([403, 'forbidden']);
      }
    }
  });

  it('takes no text but the answer of a browser, at the origin that is named', async () => {
    const { token, answer } = await aPerson();
    const good = await answer();
    const faults = [
      { email, origin, response: 'any text' },
      { email, origin, response: '{}' },
      { email, origin: 'https://app.rekey.example', response: good },
      { email, origin: 'https://evil.example', response: good },
    ];
    for (const fields of faults) {
      const refused = await post('register/finish', fields, token);
      expect([refused.statusCode, refused.json().errors[0].field]).toStrictEqual([400, 'response']);
    }
    const fields = { email, origin, response: good };
    expect((await post('register/finish', fields, token)).statusCode).toBe(200);
    expect((await post('register/finish', fields, token)).statusCode).toBe(400);
  });
});

describe('/users/webauthn/authenticate', () => {
  it('answers like a login, once, and knows the device from then on', async () => {
    const { register, show } = await aPerson();
    await register();
    const response = await show();
    const login = await post('authenticate/finish', { email, response });
    expect(login.statusCode).toBe(200);
    expect(login.json()).toMatchObject({
      user: { email },
      authentication: { user: { email }, token: login.json().token },
      requires2FA: false,
      message: null,
      device: expect.any(String),
    });
    const { token } = login.json();
    const [, session] = (
      await server.app.inject({
        url: '/users/sessions',
        headers: { authorization: `Bearer ${token}` },
      })
    ).json();
    expect(session.amr).toStrictEqual(['passkey']);
    expect((await post('authenticate/finish', { email, response })).statusCode).toBe(401);
  });

  it('needs no address', async () => {
    const { register, show } = await aPerson();
    await register();
    const login = await post('authenticate/finish', { response: await show({}) });
    expect([login.statusCode, login.json().user.email]).toStrictEqual([200, email]);
  });

  it('is one 401 for whatever is wrong, whoever is asked about', async () => {
    const { register, show } = await aPerson();
    await register();
    await signedUp(server, 'keyless@example.com');
    const response = await show();
    const answers = [];
    for (const who of ['keyless@example.com', 'nobody@example.com']) {
      answers.push(await post('authenticate/finish', { email: who, response }));
      answers.push(await post('authenticate/finish', { email: who, response: 'any text' }));
    }
    answers.push(await post('authenticate/finish', { email, response: 'any text' }));
    for (const answer of answers) {
      expect([answer.statusCode, answer.body]).toStrictEqual([401, answers[0]?.body]);
    }
  });

  it('is asked alike for an account with passkeys, one without, and none', async () => {
    const { register } = await aPerson();
    await register();
    await signedUp(server, 'keyless@example.com');
    const shapes = [];
    for (const who of [email, 'keyless@example.com', 'nobody@example.com']) {
      const start = await post('authenticate/start', { email: who });
      const { options, challenge } = start.json();
      const [reference] = options.allowCredentials;
      expect(reference.id).toEqual(expect.any(String));
      shapes.push([start.statusCode, Object.keys(options), challenge.length]);
    }
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
  });
});

describe('/users/webauthn/credentials', () => {
  it('are removed by their owner, and not found by anybody else', async () => {
    const { token, register } = await aPerson();
    await register();
    const [{ id }] = (await get('credentials', token)).json();
    const { token: other } = await signedUp(server, 'rigel@example.com');
    for (const each of [id, '01900000-0000-7000-8000-000000000099', 'x']) {
      expect((await remove(each, other)).statusCode).toBe(404);
    }
    const removed = await remove(id.toUpperCase(), token);
    expect([removed.statusCode, removed.body]).toStrictEqual([204, '']);
    expect((await get('credentials', token)).json()).toStrictEqual([]);
    expect((await remove(id, token)).statusCode).toBe(404);
  });
});
