import { operator } from '@rekey/domain';
import type { InjectOptions } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A call with the token of a login, and with a form where there are fields. */
async function call(method: Method, url: string, token?: string, fields?: Record<string, string>) {
  const options: InjectOptions = {
    method,
    url,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(fields && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(fields && { payload: new URLSearchParams(fields).toString() }),
  };
  const response = await server.app.inject(options);
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    body: response.body.startsWith('{') || response.body.startsWith('[') ? response.json() : null,
  };
}

const orion = { email: 'orion@example.com', password: PASSWORD };
const asked = { name: 'Orion', ...orion };

/** The token of an admin. */
async function anAdmin(email = 'admin@example.com'): Promise<string> {
  const { user } = await signedUp(server, email);
  const { users } = server.useCases;
  await users.changeRole.execute(operator, { id: user.hash, isAdmin: true });
  return (await call('POST', '/users/login', undefined, { email, password: PASSWORD })).body.token;
}

/** The access token of a login by `/v1`. */
async function foreignToken(): Promise<string> {
  await enrolled(server);
  const credentials = { email: 'ada@example.com', password: PASSWORD };
  const login = await server.json('POST', '/v1/auth/provider/local/login', credentials);
  return login.json().access.token;
}

describe('POST /users/create', () => {
  it('answers the user once more to somebody who knows the password', async () => {
    const first = await call('POST', '/users/create', undefined, asked);
    const again = await call('POST', '/users/create', undefined, { ...asked, name: 'Rigel' });
    expect([again.status, again.body]).toStrictEqual([200, first.body]);
  });

  it('refuses any other password like an address that cannot be used', async () => {
    await call('POST', '/users/create', undefined, asked);
    const wrong = { ...asked, password: 'not this one' };
    const taken = await call('POST', '/users/create', undefined, wrong);
    const none = await call('POST', '/users/create', undefined, { ...asked, email: 'a@localhost' });
    expect(taken.status).toBe(400);
    expect(taken.text).toBe(none.text);
    expect(taken.body.errors).toStrictEqual([
      {
        field: 'email',
        message: 'must be an e-mail address that can be used here',
        code: 'unusable',
      },
    ]);
  });
});

describe('POST /users/createAuthenticate', () => {
  const signUp = (fields: Record<string, string>) =>
    call('POST', '/users/createAuthenticate', undefined, fields);

  it('makes the user, logs in, and is a login from then on', async () => {
    const first = await signUp(asked);
    const { token, user, authentication, device } = first.body;
    expect(first.body).toStrictEqual({
      user,
      token,
      authentication: { user, token },
      requires2FA: false,
      message: null,
      device,
    });
    expect(authentication.user.name).toBe('Orion');
    const again = await signUp({ ...asked, device });
    expect([again.status, again.body.user]).toStrictEqual([200, user]);
    for (const each of [token, again.body.token]) {
      expect((await call('GET', '/users/me', each)).body).toStrictEqual(user);
    }
  });

  it('is 400 with a wrong password, and gives nobody a token', async () => {
    await signUp(asked);
    const response = await signUp({ ...asked, password: 'not this one' });
    expect([response.status, response.body.code]).toStrictEqual([400, 'invalid_argument']);
    expect(response.text).not.toContain('token');
  });

  it('is closed where the operator says so', async () => {
    server = await rig({ settings: { usersSignup: false } });
    const response = await signUp(asked);
    expect([response.status, response.body.code]).toStrictEqual([403, 'registration_closed']);
  });
});

describe('POST /users/authenticate', () => {
  it('answers with the token alone, as text', async () => {
    await call('POST', '/users/create', undefined, asked);
    const { status, headers, text } = await call('POST', '/users/authenticate', undefined, orion);
    expect([status, headers['content-type']]).toStrictEqual([200, 'text/plain; charset=utf-8']);
    expect((await call('GET', '/users/me', text)).status).toBe(200);
  });

  it('is 401 for wrong credentials and unknown addresses, and 400 for what is no address', async () => {
    const statusOf = async (fields: Record<string, string>) =>
      (await call('POST', '/users/authenticate', undefined, fields)).status;
    expect(await statusOf({ email: 'orion@test', password: '1234' })).toBe(401);
    expect(await statusOf({ email: 'orion#test.com', password: '1234' })).toBe(400);
    expect(await statusOf({ email: 'orion@test.com' })).toBe(400);
    expect(await statusOf({ password: '1234' })).toBe(400);
  });
});

describe('an account that cannot be proven', () => {
  const states: Record<string, () => Promise<unknown>> = {
    'has another password': async () => {},
    'is disabled': async () => {
      const { id } = await idOfOrion();
      await server.useCases.users.updateUser.execute(operator, { id, isEnabled: false });
    },
    'is locked': async () => {
      const { id } = await idOfOrion();
      await server.database.transact(({ users }) => users.lockOut(id, Date.now()));
    },
    'has no key': async () => {
      const { id } = await idOfOrion();
      await server.database.transact(({ keys }) => keys.revokeAllOf(id, Date.now()));
    },
  };
  const idOfOrion = async () => {
    const account = await server.database.read(({ users }) => users.findByEmail(orion.email));
    if (!account) throw new Error('there is no such account');
    return account.user;
  };
  const paths = {
    '/users/create': 400,
    '/users/createAuthenticate': 400,
    '/users/login': 401,
    '/users/authenticate': 401,
  };

  it.each(Object.entries(paths))(
    'looks the same in every state at %s: %i',
    async (path, status) => {
      const seen: unknown[] = [];
      for (const [state, reach] of Object.entries(states)) {
        server = await rig();
        await call('POST', '/users/create', undefined, asked);
        await reach();
        const work = server.hashing();
        const password = state === 'has another password' ? 'not this one' : PASSWORD;
        const answer = await call('POST', path, undefined, { ...asked, password });
        const { 'x-request-id': _id, date: _date, ...headers } = answer.headers;
        seen.push({
          status: answer.status,
          text: answer.text,
          headers,
          work: server.hashing() - work,
        });
      }
      expect(seen[0]).toMatchObject({ status, work: 1 });
      for (const each of seen) expect(each).toStrictEqual(seen[0]);
    },
  );

  it.each(['/users/login', '/users/authenticate'])('looks like none at all at %s', async (path) => {
    await call('POST', '/users/create', undefined, asked);
    const answers = [];
    for (const email of [orion.email, 'nobody@example.com', 'orion@test']) {
      const work = server.hashing();
      const fields = { email, password: 'not this one' };
      const { status, text } = await call('POST', path, undefined, fields);
      answers.push({ status, text, work: server.hashing() - work });
    }
    expect(answers[0]).toMatchObject({ status: 401, work: 1 });
    for (const answer of answers) expect(answer).toStrictEqual(answers[0]);
  });
});

describe('a session of a person', () => {
  it('ends with POST /users/logout, which needs no body', async () => {
    const { token } = await signedUp(server);
    const { status, text } = await call('POST', '/users/logout', token);
    expect([status, text]).toStrictEqual([204, '']);
    expect((await call('GET', '/users/me', token)).status).toBe(401);
  });

  it('ends alone, or with all others of the account', async () => {
    const tokens = [];
    for (const _session of [1, 2, 3]) tokens.push((await signedUp(server)).token);
    const [first = '', second = '', third = ''] = tokens;
    const live = async (token: string) => (await call('GET', '/users/me', token)).status === 200;
    await call('POST', '/users/logout', first, { all: 'false' });
    expect([await live(first), await live(second)]).toStrictEqual([false, true]);
    await call('POST', '/users/logout', second, { all: 'true' });
    expect([await live(second), await live(third)]).toStrictEqual([false, false]);
    const { token } = await signedUp(server);
    const wrong = await call('POST', '/users/logout', token, { all: 'yes' });
    expect([wrong.status, wrong.body.errors]).toStrictEqual([
      400,
      [{ field: 'all', message: 'must be one of true, false', code: 'malformed' }],
    ]);
  });

  it('is listed, and ended from another one', async () => {
    const { token: other } = await signedUp(server);
    const { token } = await signedUp(server);
    const { status, body } = await call('GET', '/users/sessions', token);
    expect(status).toBe(200);
    const session = {
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      createdAt: '2026-01-02T03:04:05.000Z',
      lastUsedAt: '2026-01-02T03:04:05.000Z',
      expiresAt: '2026-01-02T04:04:05.000Z',
      remote: '127.0.0.1',
      userAgent: 'lightMyRequest',
      amr: ['pwd'],
    };
    expect(body).toStrictEqual([
      { ...session, current: false },
      { ...session, current: true },
    ]);
    const ended = await call('DELETE', `/users/sessions/${body[0].id.toUpperCase()}`, token);
    expect([ended.status, ended.text]).toStrictEqual([204, '']);
    expect((await call('GET', '/users/me', other)).status).toBe(401);
    expect((await call('GET', '/users/sessions', token)).body).toHaveLength(1);
    expect((await call('DELETE', `/users/sessions/${body[0].id}`, token)).status).toBe(404);
  });

  it('of somebody else is not found, like one that is none', async () => {
    const { token } = await signedUp(server);
    const { token: other } = await signedUp(server, 'rigel@example.com');
    const [{ id }] = (await call('GET', '/users/sessions', other)).body;
    for (const each of [id, '01900000-0000-7000-8000-000000000099', 'x']) {
      expect((await call('DELETE', `/users/sessions/${each}`, token)).status).toBe(404);
    }
    expect((await call('GET', '/users/me', other)).status).toBe(200);
  });
});

describe('the access token of the JSON login', () => {
  it('works at me, and where the password is proven as well, and is 403 elsewhere', async () => {
    const token = await foreignToken();
    const ada = { email: 'ada@example.com', password: PASSWORD };
    const me = await call('GET', '/users/me', token);
    expect([me.status, me.body.email]).toStrictEqual([200, ada.email]);
    const elsewhere: [Method, string, Record<string, string>?][] = [
      ['POST', '/users/logout', {}],
      ['GET', '/users/sessions'],
      ['DELETE', '/users/sessions/01900000-0000-7000-8000-000000000005'],
      ['GET', '/users/list'],
      ['GET', '/users/by-email?email=ada%40example.com'],
      ['PUT', '/users/update', { email: ada.email, name: 'Eve' }],
    ];
    for (const [method, url, fields] of elsewhere) {
      const { status, body } = await call(method, url, token, fields);
      expect([url, status, body.code]).toStrictEqual([url, 403, 'forbidden']);
    }
    const renamed = await call('PUT', '/users/update', token, { ...ada, name: 'Lovelace' });
    expect([renamed.status, renamed.body.user.name]).toStrictEqual([200, 'Lovelace']);
    const deleted = await call('POST', '/users/delete', token, ada);
    expect([deleted.status, deleted.text]).toStrictEqual([200, 'true']);
  });
});

describe('PUT /users/update/email', () => {
  const move = (token: string | undefined, fields: Record<string, string> = {}) =>
    call('PUT', '/users/update/email', token, {
      email: orion.email,
      newEmail: 'rigel@example.com',
      ...fields,
    });

  it('answers a new token of the session as text, and other sessions end', async () => {
    const { token } = await signedUp(server);
    const { token: other } = await signedUp(server);
    const { status, headers, text } = await move(token);
    expect([status, headers['content-type']]).toStrictEqual([200, 'text/plain; charset=utf-8']);
    expect(text).not.toBe(token);
    const { body } = await call('GET', '/users/me', text);
    expect(body).toMatchObject({ email: 'rigel@example.com', emailValid: false });
    expect((await call('GET', '/users/me', other)).status).toBe(401);
  });

  it('takes the password where the operator demands it, and a right one where it is sent', async () => {
    server = await rig({ settings: { usersEmailChange: 'password' } });
    const { token } = await signedUp(server);
    for (const fields of [{}, { password: ' ' }]) {
      const { status, body } = await move(token, fields);
      expect([status, body.errors[0].field]).toStrictEqual([400, 'password']);
    }
    const wrong = await move(token, { password: 'not this one' });
    expect([wrong.status, wrong.body.code]).toStrictEqual([400, 'invalid_credentials']);
    expect((await move(token, { password: PASSWORD })).status).toBe(200);
  });

  it('is 401 without a token, and 403 at the account of somebody else, also for an admin', async () => {
    await signedUp(server);
    expect((await move(undefined)).status).toBe(401);
    const { token: other } = await signedUp(server, 'eve@example.com');
    for (const token of [other, await anAdmin()]) {
      for (const email of [orion.email, 'nobody@example.com']) {
        const { status, body } = await move(token, { email });
        expect([status, body.code]).toStrictEqual([403, 'forbidden']);
      }
    }
  });

  it('refuses a taken address, and one that its owner can take back, like one that is none', async () => {
    const { token } = await signedUp(server);
    const { token: other } = await signedUp(server, 'eve@example.com');
    await move(other, { email: 'eve@example.com', newEmail: 'moved@example.com' });
    await signedUp(server, 'taken@example.com');
    const none = await move(token, { newEmail: 'no address' });
    expect(none.status).toBe(400);
    for (const newEmail of ['taken@example.com', 'eve@example.com']) {
      expect((await move(token, { newEmail })).text).toBe(none.text);
    }
  });

  it('is 403 for the token of a service, but with the password', async () => {
    const token = await foreignToken();
    const fields = { email: 'ada@example.com' };
    expect((await move(token, fields)).status).toBe(403);
    expect((await move(token, { ...fields, password: PASSWORD })).status).toBe(200);
  });
});

describe('PUT /users/update', () => {
  const update = (token: string, fields: Record<string, string>) =>
    call('PUT', '/users/update', token, { email: orion.email, ...fields });

  it('changes the name, and passes over what is blank', async () => {
    const { token } = await signedUp(server);
    const fields = { name: 'Rigel', newEmail: '', password: ' ', newPassword: '\t' };
    const { status, body } = await update(token, fields);
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual([
      'user',
      'token',
      'authentication',
      'requires2FA',
      'message',
      'device',
    ]);
    expect(body.user.name).toBe('Rigel');
    expect((await call('GET', '/users/me', body.token)).body).toStrictEqual(body.user);
  });

  it('changes name and password in one step', async () => {
    const { token } = await signedUp(server);
    const { token: other } = await signedUp(server);
    const fields = { name: 'Rigel', password: PASSWORD, newPassword: 'battery staple' };
    const { status, body } = await update(token, fields);
    expect([status, body.user.name]).toStrictEqual([200, 'Rigel']);
    expect((await call('GET', '/users/me', other)).status).toBe(401);
    const login = { ...orion, password: 'battery staple', device: body.device };
    expect((await call('POST', '/users/login', undefined, login)).status).toBe(200);
  });

  it('changes name, address and password in one step', async () => {
    const { token } = await signedUp(server);
    const { token: other } = await signedUp(server);
    const { status, body } = await update(token, {
      name: 'Rigel',
      newEmail: 'rigel@example.com',
      password: PASSWORD,
      newPassword: 'battery staple',
    });
    expect(status).toBe(200);
    expect(body.user).toMatchObject({
      name: 'Rigel',
      email: 'rigel@example.com',
      emailValid: false,
    });
    expect((await call('GET', '/users/me', body.token)).body).toStrictEqual(body.user);
    expect((await call('GET', '/users/me', other)).status).toBe(401);
    const login = { email: 'rigel@example.com', password: 'battery staple' };
    expect((await call('POST', '/users/login', undefined, login)).status).toBe(200);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['nothing to do', {}, ['name']],
    ['nothing but blanks', { name: ' ', newPassword: '' }, ['name']],
    ['a new password without the current one', { newPassword: 'battery staple' }, ['password']],
    ['a weak one', { password: PASSWORD, newPassword: 'x' }, ['newPassword']],
    ['no address', { newEmail: 'no address', name: 'Rigel' }, ['newEmail']],
    ['no address where more is wrong', { newEmail: 'x', email: 'x' }, ['email', 'newEmail']],
    ['the address that it has', { newEmail: 'ORION@example.com' }, ['newEmail']],
  ])('is 400 for %s, and changes nothing', async (_what, fields, refused) => {
    const { token } = await signedUp(server);
    const before = server.commits();
    const { status, body } = await update(token, fields);
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field)).toStrictEqual(refused);
    expect(server.commits()).toBe(before);
  });

  it('is 400, and never 401, for a wrong current password', async () => {
    const { token } = await signedUp(server);
    const { status, body } = await update(token, { name: 'Rigel', password: 'not this one' });
    expect([status, body.code]).toStrictEqual([400, 'invalid_credentials']);
  });

  it('changes others for an admin, who gets a token of the own session', async () => {
    const { token: theirs, user } = await signedUp(server);
    const token = await anAdmin();
    const { status, body } = await update(token, { name: 'Rigel' });
    expect([status, body.user]).toStrictEqual([200, { ...user, name: 'Rigel' }]);
    expect((await call('GET', '/users/me', body.token)).body.email).toBe('admin@example.com');
    const eve = { email: 'admin@example.com', name: 'Eve' };
    expect((await call('PUT', '/users/update', theirs, eve)).status).toBe(403);
  });
});

describe('deleting an account', () => {
  it('is for its owner, with the password', async () => {
    const { token } = await signedUp(server);
    const lacking = await call('POST', '/users/delete', token, { email: orion.email });
    expect([lacking.status, lacking.body.errors]).toStrictEqual([
      400,
      [{ field: 'password', message: 'is required', code: 'required' }],
    ]);
    const wrong = { ...orion, password: 'not this one' };
    const refused = await call('POST', '/users/delete', token, wrong);
    expect([refused.status, refused.body.code]).toStrictEqual([400, 'invalid_credentials']);
    const done = await call('POST', '/users/delete', token, orion);
    expect([done.status, done.text]).toStrictEqual([200, 'true']);
    expect((await call('GET', '/users/me', token)).status).toBe(401);
    expect((await call('POST', '/users/login', undefined, orion)).status).toBe(401);
  });

  it.each(['body', 'query'])('is DELETE as well, with the fields in the %s', async (place) => {
    const { token } = await signedUp(server);
    const query = `?${new URLSearchParams(orion)}`;
    const done =
      place === 'body'
        ? await call('DELETE', '/users/delete', token, orion)
        : await call('DELETE', `/users/delete${query}`, token);
    expect([done.status, done.text]).toStrictEqual([204, '']);
    expect((await call('GET', '/users/me', token)).status).toBe(401);
  });

  it('needs an address, and takes each field once', async () => {
    const { token } = await signedUp(server);
    const without = await call('DELETE', '/users/delete', token);
    expect([without.status, without.body.errors]).toStrictEqual([
      400,
      [{ field: 'email', message: 'is required', code: 'required' }],
    ]);
    const query = new URLSearchParams({ email: orion.email });
    const twice = await call('DELETE', `/users/delete?${query}`, token, orion);
    expect([twice.status, twice.body.errors]).toStrictEqual([
      400,
      [{ field: 'email', message: 'is given more than once', code: 'repeated' }],
    ]);
    expect((await call('GET', '/users/me', token)).status).toBe(200);
  });

  it('waits while the link of a change works', async () => {
    const { token } = await signedUp(server);
    const change = { ...orion, newPassword: 'battery staple' };
    await call('PUT', '/users/update/password', token, change);
    const deletion = { ...orion, password: 'battery staple' };
    const { status, body } = await call('POST', '/users/delete', token, deletion);
    expect([status, body.code]).toStrictEqual([400, 'recent_change']);
  });

  it('is for admins without a password, but for the last one', async () => {
    await signedUp(server);
    const token = await anAdmin();
    const done = await call('POST', '/users/delete', token, { email: orion.email });
    expect([done.status, done.text]).toStrictEqual([200, 'true']);
    const gone = await call('POST', '/users/delete', token, { email: orion.email });
    expect(gone.status).toBe(404);
    const last = await call('DELETE', '/users/delete?email=admin%40example.com', token);
    expect([last.status, last.body.violations]).toStrictEqual([
      400,
      [{ field: 'email', message: 'is the account of the last admin' }],
    ]);
  });
});

describe('the list of accounts', () => {
  const emailsOf = (body: { email: string }[]) => body.map(({ email }) => email);

  it('is for admins', async () => {
    const { token, user } = await signedUp(server);
    for (const url of ['/users/list', '/users/by-email?email=orion%40example.com']) {
      const { status, body } = await call('GET', url, token);
      expect([status, body.code, body.message]).toStrictEqual([403, 'forbidden', body.detail]);
    }
    const admin = await anAdmin();
    const { status, body, headers } = await call('GET', '/users/list', admin);
    expect([status, body[0], headers.link]).toStrictEqual([200, user, undefined]);
    expect(emailsOf(body)).toStrictEqual([orion.email, 'admin@example.com']);
  });

  it('goes on where Link says, exactly as long as there is more', async () => {
    const token = await anAdmin('user-0@example.com');
    for (const n of [1, 2, 3, 4, 5]) await signedUp(server, `user-${n}@example.com`);
    const seen: string[] = [];
    let url: string | undefined = '/users/list?limit=2';
    let pages = 0;
    while (url !== undefined) {
      const { body, headers }: Awaited<ReturnType<typeof call>> = await call('GET', url, token);
      seen.push(...emailsOf(body));
      pages += 1;
      url = /^<([^>]+)>; rel="next"$/.exec(String(headers.link ?? ''))?.[1];
    }
    expect(pages).toBe(3);
    expect(seen).toStrictEqual([0, 1, 2, 3, 4, 5].map((n) => `user-${n}@example.com`));
  });

  it('refuses limits and places that are none, passes over what nobody asked for, and has no field twice', async () => {
    const token = await anAdmin();
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'limit=',
      'after=x',
      'x=1&x=2',
      'x=%ZZ',
    ]) {
      expect([query, (await call('GET', `/users/list?${query}`, token)).status]).toStrictEqual([
        query,
        400,
      ]);
    }
    for (const query of ['limit=5000', 'unknown=1', 'after=01900000-0000-7000-8000-0000000000FF']) {
      expect((await call('GET', `/users/list?${query}`, token)).status).toBe(200);
    }
    for (const query of ['x=1&x=2', 'x=%ZZ']) {
      expect((await call('GET', `/users/me?${query}`, token)).status).toBe(400);
      expect((await call('GET', `/users/sessions?${query}`, token)).status).toBe(400);
    }
    expect((await call('GET', '/users/me?unknown=1', token)).status).toBe(200);
  });

  it('has the people of the built-in service alone', async () => {
    await enrolled(server);
    const token = await anAdmin();
    expect(emailsOf((await call('GET', '/users/list', token)).body)).toStrictEqual([
      'admin@example.com',
    ]);
    const { status } = await call('GET', '/users/by-email?email=ada%40example.com', token);
    expect(status).toBe(404);
  });

  it('is asked for one address in any spelling', async () => {
    const { user } = await signedUp(server);
    const token = await anAdmin();
    const found = await call('GET', '/users/by-email?email=ORION%40example.com', token);
    expect([found.status, found.body]).toStrictEqual([200, user]);
    expect((await call('GET', '/users/by-email?email=nobody%40example.com', token)).status).toBe(
      404,
    );
    for (const query of ['', '?email=', '?email=orion', '?email=a%40b&email=a%40c']) {
      expect((await call('GET', `/users/by-email${query}`, token)).status).toBe(400);
    }
  });
});
