import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { rotateKeys } from '../../packages/adapters-crypto/src/index.ts';
import { fromBase32 } from '../../packages/adapters-crypto/src/secrets.ts';
import { hotp } from '../../packages/adapters-crypto/src/totp.ts';
import {
  type Answer,
  aTarget,
  attack,
  LOGIN,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
  UPDATE,
} from './target.ts';

const invalid = { status: 400, body: { code: 'invalid_revoke_token' } };

/** An owner whose password a thief has changed, and the token of the link in the owner's mail. */
async function robbed(t: Target) {
  const owner = await t.enrol();
  expect(await t.changePassword(owner)).toMatchObject({ status: 200 });
  return { ...owner, password: NEW_PASSWORD, link: await t.linkTokenOf(owner.email) };
}

async function expectShut(t: Target, { id, email, password }: Owner): Promise<void> {
  const {
    users = [],
    keys = [],
    sessions = [],
    password_changes: changes = [],
  } = await t.database.tables();
  expect(users.find((row) => row.id === id)).toMatchObject({ is_enabled: 0, password_hash: null });
  for (const key of keys.filter((row) => row.user_id === id)) {
    expect(key).toMatchObject({ is_enabled: 0, is_revoked: 1 });
  }
  for (const row of [...sessions, ...changes].filter((row) => row.user_id === id)) {
    expect(row.ended_at ?? row.spent_at).not.toBe(null);
  }
  const login = await t.unchanged(() => t.json('POST', LOGIN, { email, password }));
  expect(login).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
}

attack('the owner’s link works', (target) => {
  type Robbed = Awaited<ReturnType<typeof robbed>>;
  const moves: Record<string, (t: Target, owner: Robbed) => Promise<unknown>> = {
    'the TOKEN key was taken back': (t, owner) =>
      t.json('POST', '/v1/auth/key/revoke', { key: owner.keyValue }),
    'a session was ended together with the key': async (t, owner) =>
      t.json('POST', '/v1/auth/token/revoke', { token: (await t.logIn(owner)).access }),
    'a refresh token was shown twice': async (t, owner) => {
      const { refresh } = await t.logIn(owner);
      await t.json('POST', '/v1/auth/token/refresh', { token: refresh });
      return t.json('POST', '/v1/auth/token/refresh', { token: refresh });
    },
    'the password was changed again, and again': async (t, owner) => {
      await t.changePassword(owner, 'the third one');
      return t.changePassword({ ...owner, password: 'the third one' }, 'the fourth one');
    },
    'it was changed back to the owner’s': (t, owner) => t.changePassword(owner, PASSWORD),
    'the account was taken into another service': (t, owner) =>
      t.addKey(owner.id, 'TOKEN', t.other.key),
    'the user was disabled': (t, { id }) =>
      t.database.run(`update users set is_enabled = 0 where id = '${id}'`),
    'the user has another address': (t, { id }) =>
      t.database.run(`update users set email = 'eve-${id}@example.com' where id = '${id}'`),
    'the user must change the password': (t, { id }) =>
      t.database.run(`update users set password_require_update = 1 where id = '${id}'`),
    'the user may not reset the password': (t, { id }) =>
      t.database.run(`update users set password_allow_reset = 0 where id = '${id}'`),
    'another service presented it': (t, { link }) =>
      t.json('POST', REVOKE, { token: link }, { key: t.other.key }),
    'the hosted page, which is not its own, got it': (t, { link }) =>
      t.form('POST', '/local', { token: link }),
    'a root key presented it': (t, { link }) =>
      t.json('POST', REVOKE, { token: link }, { key: t.rootKey }),
    'it was presented in broken requests': async (t, { link }) => {
      await t.json('POST', REVOKE, { token: link, more: 1 });
      await t.json('POST', REVOKE, { token: [link] });
      await t.form('POST', REVOKE, { token: link }, t.shop.key);
      await t.json('POST', `${REVOKE}?token=${link}`, {});
      return t.json('POST', REVOKE, { token: `${link} ` });
    },
    'it was presented as every other secret': async (t, { link: token }) => {
      await t.json('POST', '/v1/auth/token/revoke', { token });
      await t.json('POST', '/v1/auth/token/refresh', { token });
      await t.json('POST', '/v1/auth/key/revoke', { key: token });
      return t.json('GET', '/v1/user/x', undefined, { key: token });
    },
    'every other method opened it': async (t, { link: token }) => {
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        const answer = await t.json(method, REVOKE, { token });
        expect([method, answer.status]).toEqual([method, 405]);
      }
    },
    'many guessed at it': async (t, { link }) => {
      const guesses = Array.from({ length: 64 }, (_, at) => {
        const index = link.length - 1 - (at % 43);
        return link.slice(0, index) + (link[index] === 'A' ? 'B' : 'A') + link.slice(index + 1);
      });
      const answers = await Promise.all(guesses.map((token) => t.json('POST', REVOKE, { token })));
      for (const answer of answers) expect(answer).toMatchObject(invalid);
    },
    'the secrets were rotated': (t) =>
      rotateKeys(t.config.keysFile, ['revoke', 'signing', 'pepper']),
  };

  test.each(Object.entries(moves))('after %s', async (_what, move) => {
    const t = target();
    const owner = await robbed(t);
    await move(t, owner);
    const answer = await t.json('POST', REVOKE, { token: owner.link });
    expect(answer).toMatchObject({ status: 200 });
    await expectShut(t, owner);
  });

  test('after a restart, on another server', async () => {
    const t = target();
    const owner = await robbed(t);
    const next = await aTarget({ DATABASE_URL: t.config.databaseUrl });
    onTestFinished(next.close);
    const key = { key: t.shop.key };
    expect(await next.json('POST', REVOKE, { token: owner.link }, key)).toMatchObject({
      status: 200,
    });
    await expectShut(t, owner);
  });

  test('whatever somebody does who knows the password, has a session and can call everything that users can', async () => {
    const t = target();
    const owner = await robbed(t);
    const { id, email } = owner;
    const post = (url: string, body: object) => t.json('POST', url, body);

    // Moves in: sessions, keys, codes, another service.
    const first = await t.logIn(owner);
    const key = await t.addKey(id, 'KEY');
    const totp = await t.addKey(id, 'TOTP');
    const elsewhere = await t.addKey(id, 'TOKEN', t.other.key);
    const abroad = await t.logIn(owner, t.other.key);
    const code = () => hotp(fromBase32(totp.value), Math.floor(Date.now() / 30_000));
    expect(await post('/v1/auth/totp', { user_id: id, totp: code() })).toMatchObject({
      status: 200,
    });

    // Changes the password by every route there is, so that the owner has several links.
    const third = { email, password: NEW_PASSWORD, newPassword: 'the third one' };
    expect(await t.form('PUT', '/users/update/password', third, first.access)).toMatchObject({
      status: 200,
    });
    const abroadAgain = { email, password: 'the third one', new_password: 'the fourth one' };
    expect(await t.json('POST', UPDATE, abroadAgain, { key: t.other.key })).toMatchObject({
      status: 200,
    });
    const password = 'the fourth one';

    // Burns what could be tied to the link: sessions, refresh tokens, the TOKEN key.
    const second = await t.logIn({ email, password });
    await post('/v1/auth/token/refresh', { token: second.refresh });
    await post('/v1/auth/token/refresh', { token: second.refresh });
    const last = await t.logIn({ email, password });
    await post('/v1/auth/token/revoke', { token: last.refresh });
    await post('/v1/auth/key/revoke', { key: owner.keyValue });
    await t.addKey(id, 'TOKEN');
    const kept = await t.logIn({ email, password });
    const formKept = await t.json('POST', '/v1/auth/token/refresh', { token: kept.refresh });
    const { access, refresh } = formKept.body;

    // Presents whatever it has as a link, tries the address as a new account, and asks the page.
    for (const token of [access.token, refresh.token, key.value, totp.value]) {
      expect(await post(REVOKE, { token })).toMatchObject(invalid);
      expect(await t.form('POST', '/local', { token })).toMatchObject({ status: 400 });
    }
    await t.form('POST', '/users/create', { name: 'Eve', email, password });
    await t.form('POST', '/users/login', { email, password });
    await t.send('GET', `/local?type=update_password&email=${email}&token=${owner.link}`);

    // The owner's first link works all the same, and then everything is shut.
    expect(await post(REVOKE, { token: owner.link })).toMatchObject({ status: 200 });
    await expectShut(t, { id, email, password });
    const refused = async (status: number, attempt: Promise<Answer>) =>
      expect((await attempt).status).toBe(status);
    const other = { key: t.other.key };
    await t.unchanged(async () => {
      for (const known of [PASSWORD, NEW_PASSWORD, 'the third one', password]) {
        await refused(400, post(LOGIN, { email, password: known }));
        await refused(400, t.json('POST', LOGIN, { email, password: known }, other));
        await refused(401, t.form('POST', '/users/login', { email, password: known }));
        await refused(400, t.changePassword({ id, email, password: known }, 'the fifth one'));
        await refused(
          400,
          t.changePassword({ id, email, password: known }, 'the fifth one', other),
        );
      }
      for (const token of [first.access, access.token]) {
        await refused(400, post('/v1/auth/token/verify', { token }));
        const change = { email, password, newPassword: 'the fifth one' };
        await refused(401, t.form('PUT', '/users/update/password', change, token));
      }
      await refused(400, t.json('POST', '/v1/auth/token/verify', { token: abroad.access }, other));
      await refused(
        400,
        t.json('POST', '/v1/auth/token/refresh', { token: abroad.refresh }, other),
      );
      await refused(400, post('/v1/auth/token/refresh', { token: refresh.token }));
      await refused(400, post('/v1/auth/token/refresh', { token: first.refresh }));
      await refused(400, post('/v1/auth/key/verify', { key: key.value }));
      await refused(400, t.json('POST', '/v1/auth/key/verify', { key: elsewhere.value }, other));
      await refused(400, post('/v1/auth/totp', { user_id: id, totp: code() }));
      for (const type of ['KEY', 'TOKEN', 'TOTP']) {
        const body = { is_enabled: true, type, name: 'x', user_id: id };
        await refused(400, post('/v1/key', body));
        await refused(400, t.json('POST', '/v1/key', body, other));
      }
      await refused(400, t.form('POST', '/users/create', { name: 'Eve', email, password }));
    });
    // The later links are spent with the first one: nobody can use them to find out more.
    const token = await t.linkTokenOf(email);
    expect(token).not.toBe(owner.link);
    await t.unchanged(async () => {
      expect(await post(REVOKE, { token: owner.link })).toMatchObject(invalid);
      expect(await t.json('POST', REVOKE, { token }, other)).toMatchObject(invalid);
    });
  });
});

attack('the owner’s link', (target) => {
  test('is not set off by opening it, however mail scanners do', async () => {
    const t = target();
    const owner = await t.signUp();
    const bearer = await t.formLogIn(owner);
    const change = { email: owner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    await t.form('PUT', '/users/update/password', change, bearer);
    const token = await t.linkTokenOf(owner.email);
    const query = `type=update_password&email=${owner.email}&token=${token}`;
    await t.unchanged(async () => {
      for (const headers of [
        {},
        { purpose: 'prefetch', 'sec-purpose': 'prefetch;prerender' },
        { 'x-http-method-override': 'POST', 'x-method-override': 'POST' },
        { 'user-agent': 'Mozilla/5.0 (compatible; SafeLinks)', accept: '*/*' },
      ]) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await t.send(method, `/local?${query}&_method=POST`, headers);
          expect(answer.status).toBe(200);
        }
      }
      for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        expect((await t.send(method, `/local?${query}`)).status).toBe(405);
      }
    });
    expect(await t.form('POST', '/local', { token })).toMatchObject({ status: 200 });
    await expectShut(t, { ...owner, password: NEW_PASSWORD });
  });

  test('is not pressed by another site', async () => {
    const t = target();
    const owner = await t.signUp();
    const bearer = await t.formLogIn(owner);
    const change = { email: owner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    await t.form('PUT', '/users/update/password', change, bearer);
    const token = await t.linkTokenOf(owner.email);
    await t.unchanged(async () => {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' },
        { 'sec-fetch-site': 'same-site', origin: 'http://evil.rekey.test' },
        { origin: 'http://evil.example' },
        { origin: 'http://rekey.test.evil.example' },
        { origin: 'https://rekey.test' },
      ]) {
        const answer = await t.form('POST', '/local', { token }, undefined, { headers });
        expect(answer).toMatchObject({ status: 403 });
      }
    });
  });

  test('shuts the account once, however many press it at once', async () => {
    const t = target();
    const owner = await robbed(t);
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => t.json('POST', REVOKE, { token: owner.link })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(15).fill(400)]);
    await expectShut(t, owner);
  });

  test('of an earlier and of a later change, pressed at once, leave one account shut', async () => {
    const t = target();
    const owner = await robbed(t);
    await t.changePassword(owner, 'the third one');
    const links = [owner.link, await t.linkTokenOf(owner.email)];
    expect(new Set(links).size).toBe(2);
    const answers = await Promise.all(links.map((token) => t.json('POST', REVOKE, { token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    await expectShut(t, { ...owner, password: 'the third one' });
  });

  test('wins against changes, logins and new keys at the same moment', async () => {
    const t = target();
    const owner = await robbed(t);
    const key = { is_enabled: true, type: 'KEY', name: 'x', user_id: owner.id };
    const [link, ...thief] = await Promise.all([
      t.json('POST', REVOKE, { token: owner.link }),
      ...Array.from({ length: 4 }, () => t.json('POST', '/v1/key', key)),
      t.changePassword(owner, 'the third one'),
      t.json('POST', LOGIN, { email: owner.email, password: owner.password }),
    ]);
    expect(link.status).toBe(200);
    for (const { status } of thief) expect([200, 400]).toContain(status);
    await expectShut(t, owner);
    await expectShut(t, { ...owner, password: 'the third one' });
  });

  test('leaves an account shut for the thief when an operator opens it again', async () => {
    const t = target();
    const owner = await robbed(t);
    const { access, refresh } = await t.logIn(owner);
    await t.json('POST', REVOKE, { token: owner.link });
    await t.database.run(`update users set is_enabled = 1 where id = '${owner.id}'`);
    await t.unchanged(async () => {
      for (const password of [PASSWORD, NEW_PASSWORD]) {
        const login = await t.json('POST', LOGIN, { email: owner.email, password });
        expect(login).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
      }
      for (const [url, body] of [
        ['/v1/auth/token/verify', { token: access }],
        ['/v1/auth/token/refresh', { token: refresh }],
        ['/v1/auth/key/verify', { key: owner.keyValue }],
        [REVOKE, { token: owner.link }],
      ] as const) {
        expect(await t.json('POST', url, body)).toMatchObject({ status: 400 });
      }
    });
  });

  test('is of no use for another account', async () => {
    const t = target();
    const [mine, victims] = [await robbed(t), await robbed(t)];
    const [head, id, mac] = mine.link.split('.');
    const victim = victims.link.split('.');
    await t.unchanged(async () => {
      for (const token of [
        `${head}.${victim[1]}.${mac}`,
        `${head}.${id}.${victim[2]}`,
        `${victim[0]}.${id}.${victim[2]}`,
        mine.link.replace(String(id), String(id).toUpperCase()),
      ]) {
        expect(await t.json('POST', REVOKE, { token })).toMatchObject(invalid);
      }
    });
  });

  test('cannot be made by somebody who has the whole database', async () => {
    const t = target();
    const { link } = await robbed(t);
    const [head, id] = link.split('.');
    const tables = await t.database.tables();
    const values = Object.values(tables)
      .flat()
      .flatMap((row) => Object.values(row))
      .filter((value): value is string => typeof value === 'string' && value.length > 15);
    const secrets = [...new Set(values)];
    expect(secrets.length).toBeGreaterThan(20);
    const forged = secrets.flatMap((secret) =>
      [`rekey revoke v1:${id}`, String(id)].map((text) =>
        createHmac('sha256', secret).update(text).digest('base64url'),
      ),
    );
    await t.unchanged(async () => {
      for (const mac of forged) {
        const answer = await t.json('POST', REVOKE, { token: `${head}.${id}.${mac}` });
        expect(answer.status).toBe(400);
      }
    });
    expect(values.join('\n')).not.toContain(link);
    expect(values.join('\n')).not.toContain(link.split('.')[2]);
  });

  test('is worth nothing once it has expired', async () => {
    const t = target();
    const owner = await robbed(t);
    const [, id] = owner.link.split('.');
    await t.database.run(
      `update password_changes set expires_at = ${Date.now()} where id = '${id}'`,
    );
    const answer = await t.unchanged(() => t.json('POST', REVOKE, { token: owner.link }));
    expect(answer).toMatchObject(invalid);
    await t.logIn(owner);
  });
});
