import { beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const RECOVER = '/users/recoverPassword';
const NEW = 'battery staple';
const email = 'orion@example.com';

const ask = (address = email) => server.form('POST', RECOVER, { email: address });
const confirm = (token: string, newPassword = NEW) =>
  server.form('POST', `${RECOVER}/confirm`, { token, newPassword });
const logIn = async (password: string) =>
  (await server.form('POST', '/users/login', { email, password })).statusCode;
const mailed = async () => (await server.mailedTokens()).at(-1) ?? '';

describe('POST /users/recoverPassword', () => {
  it('answers 204 whether or not there is such an account, and the old password works on', async () => {
    await signedUp(server);
    await server.mailedTokens();
    for (const address of [email, 'nobody@example.com']) {
      const { statusCode, body } = await ask(address);
      expect([statusCode, body]).toStrictEqual([204, '']);
    }
    expect(await server.mailedTokens()).toHaveLength(1);
    expect(await logIn(PASSWORD)).toBe(200);
  });

  it('mails a link to the page that is set, and otherwise to the hosted one', async () => {
    for (const [recoverPasswordUrl, start] of [
      [null, 'http://localhost:8042/local?type=reset_password&'],
      ['https://app.example/new', 'https://app.example/new?type=reset_password&'],
    ] as const) {
      server = await rig({ settings: { recoverPasswordUrl } });
      await signedUp(server);
      await ask();
      await server.mailedTokens();
      expect(server.channels.mail.sent.at(-1)?.link.startsWith(start)).toBe(true);
    }
  });

  it('refuses what is no address', async () => {
    for (const address of ['', 'orion', '@example.com']) {
      expect((await ask(address)).statusCode).toBe(400);
    }
  });
});

describe('POST /users/recoverPassword/confirm', () => {
  it('sets the password, ends the sessions, and answers the user', async () => {
    const { user, token } = await signedUp(server);
    await ask();
    const response = await confirm(await mailed());
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      { ...user, emailValid: true },
    ]);
    expect([await logIn(NEW), await logIn(PASSWORD)]).toStrictEqual([200, 401]);
    const me = await server.app.inject({
      url: '/users/me',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(me.statusCode).toBe(401);
  });

  it('names the field of a password that is refused', async () => {
    await signedUp(server);
    await ask();
    const token = await mailed();
    for (const password of ['short', PASSWORD]) {
      const { violations } = (await confirm(token, password)).json();
      expect(violations).toMatchObject([{ field: 'newPassword' }]);
    }
    expect((await confirm(token)).statusCode).toBe(200);
    expect((await confirm(token)).json().code).toBe('invalid_one_time_token');
  });
});

describe('a person who has to change the password', () => {
  beforeEach(async () => {
    const { user } = await signedUp(server);
    await server.database.transact(async ({ users }) => {
      const account = await users.lock(user.hash);
      await users.update({ ...account!.user, passwordRequireUpdate: true });
    });
    await server.mailedTokens();
  });
  const credentials = { email, password: PASSWORD };
  const change = (more: object = {}) =>
    server.form('POST', '/users/update/password', {
      ...credentials,
      newPassword: NEW,
      ...more,
    });

  it('gets no session, by whatever call', async () => {
    expect(await logIn(PASSWORD)).toBe(403);
    for (const url of ['/users/authenticate', '/users/createAuthenticate']) {
      const response = await server.form('POST', url, { name: 'Orion', ...credentials });
      expect(response.json().code).toBe('password_update_required');
    }
  });

  it('changes it without a session, and is let in from then on', async () => {
    const { statusCode, body } = await change();
    expect([statusCode, JSON.parse(body).email]).toStrictEqual([200, email]);
    expect([await logIn(NEW), await logIn(PASSWORD)]).toStrictEqual([200, 401]);
    await server.mailedTokens();
    expect(server.channels.mail.sent.at(-1)?.kind).toBe('update_password');
  });

  it('has to prove the current one, and to choose another', async () => {
    const wrong = await change({ password: 'wrong one' });
    const unknown = await change({ email: 'nobody@example.com' });
    expect([wrong.statusCode, wrong.json().code]).toStrictEqual([400, 'invalid_credentials']);
    expect(unknown.body).toBe(wrong.body);
    const same = await change({ newPassword: PASSWORD });
    expect(same.json().errors).toMatchObject([{ field: 'newPassword', code: 'same_as_current' }]);
    expect(await logIn(PASSWORD)).toBe(403);
  });

  it('gets in by a mailed link as well', async () => {
    await ask();
    await confirm(await mailed());
    expect(await logIn(NEW)).toBe(200);
  });

  it('is not let in by another name for the change', async () => {
    const response = await server.form('PUT', '/users/update/password', {
      ...credentials,
      newPassword: NEW,
    });
    expect(response.statusCode).toBe(401);
  });
});
