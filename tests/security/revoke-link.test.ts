import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { codeAt } from '../harness.ts';
import {
  type Answer,
  attack,
  LOGIN,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
  UPDATE,
} from './target.ts';

const invalid = { status: 400, body: { code: 'invalid_one_time_token' } };

/** An act of a thief, through a service, that the owner gets a mail about; answers the password that is right then. */
const thefts = {
  update_password: async (t: Target, owner: Owner, key: string) => {
    expect(await t.changePassword(owner, NEW_PASSWORD, { key })).toMatchObject({ status: 200 });
    return NEW_PASSWORD;
  },
  factor_change: async (t: Target, owner: Owner, key: string) => {
    await t.addKey(owner.id, 'KEY', key);
    return PASSWORD;
  },
};
type Purpose = keyof typeof thefts;
const purposes = Object.keys(thefts) as Purpose[];

/** An owner whose account a thief has changed, and the token of the link in the mail about that. */
async function robbed(t: Target, purpose: Purpose = 'update_password', key = t.shop.key) {
  const owner = await t.enrol({ key });
  const password = await thefts[purpose](t, owner, key);
  return { ...owner, password, link: await t.linkTokenOf(owner.email, purpose) };
}

/** The account is locked, and nothing of it is left: no password, key, session or other link. */
async function expectLocked(t: Target, { id, email, password }: Owner): Promise<void> {
  const { users = [], keys = [], sessions = [], one_time_tokens = [] } = await t.database.tables();
  expect(users.find((row) => row.id === id)).toMatchObject({
    is_enabled: 0,
    is_locked: 1,
    password_hash: null,
  });
  for (const key of keys.filter((row) => row.user_id === id)) {
    expect(key).toMatchObject({ is_enabled: 0, is_revoked: 1 });
  }
  for (const row of [...sessions, ...one_time_tokens].filter((row) => row.user_id === id)) {
    expect(row.ended_at ?? row.spent_at).not.toBe(null);
  }
  const login = await t.unchanged(() => t.json('POST', LOGIN, { email, password }));
  expect(login).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
}

type Robbed = Awaited<ReturnType<typeof robbed>>;

describe.each(purposes)('the mail about %s', (purpose) => {
  attack('has a link that works', (target) => {
    const moves: Record<string, (t: Target, owner: Robbed) => Promise<unknown>> = {
      'the TOKEN key was revoked': (t, owner) =>
        t.json('POST', '/v1/auth/key/revoke', { key: owner.keyValue }),
      'a session was ended together with the key': async (t, owner) =>
        t.json('POST', '/v1/auth/token/revoke', { token: (await t.logIn(owner)).access }),
      'a refresh token came back': async (t, owner) => {
        const { refresh } = await t.logIn(owner);
        await t.json('POST', '/v1/auth/token/refresh', { token: refresh });
        return t.json('POST', '/v1/auth/token/refresh', { token: refresh });
      },
      'the password was changed again, and again': async (t, owner) => {
        await t.changePassword(owner, 'the third one');
        return t.changePassword({ ...owner, password: 'the third one' }, 'the fourth one');
      },
      'the password was changed, and changed back to the owner’s': async (t, owner) => {
        await t.changePassword(owner, 'the third one');
        return t.changePassword({ ...owner, password: 'the third one' }, PASSWORD);
      },
      'more keys were made': async (t, owner) => {
        for (const type of ['KEY', 'TOTP', 'KEY']) await t.addKey(owner.id, type);
      },
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
      'the hosted page showed it': (t, { link }) => t.json('GET', `/local?token=${link}`),
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
        const answers = await Promise.all(
          guesses.map((token) => t.json('POST', REVOKE, { token })),
        );
        for (const answer of answers) expect(answer).toMatchObject(invalid);
      },
    };

    test.each(Object.entries(moves))('after %s', async (_what, move) => {
      const t = target();
      const owner = await robbed(t, purpose);
      await move(t, owner);
      const answer = await t.json('POST', REVOKE, { token: owner.link });
      expect(answer).toMatchObject({ status: 200 });
      await expectLocked(t, owner);
    });
  });
});

attack('the first link of the owner works', (target) => {
  test('whatever is done with the password, a session and every call that users can make', async () => {
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
    const code = () => codeAt(totp.value, Date.now());
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

    // The first link works all the same, and then everything is locked.
    expect(await post(REVOKE, { token: owner.link })).toMatchObject({ status: 200 });
    await expectLocked(t, { id, email, password });
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
    const factorToken = await t.linkTokenOf(email, 'factor_change');
    expect(token).not.toBe(owner.link);
    await t.unchanged(async () => {
      expect(await post(REVOKE, { token: owner.link })).toMatchObject(invalid);
      expect(await post(REVOKE, { token: factorToken })).toMatchObject(invalid);
      expect(await t.json('POST', REVOKE, { token }, other)).toMatchObject(invalid);
    });
  });
});

describe.each(purposes)('the link of the mail about %s', (purpose) => {
  attack('is the owner’s alone, and', (target) => {
    test('is not set off by opening it, however mail scanners do', async () => {
      const t = target();
      // A service without a page of its own: Rekey hosts it.
      const owner = await robbed(t, purpose, t.other.key);
      const { link: token } = owner;
      const query = `type=${purpose}&email=${owner.email}&token=${token}`;
      await t.unchanged(async () => {
        for (const headers of [
          {},
          { purpose: 'prefetch', 'sec-purpose': 'prefetch;prerender' },
          { 'x-http-method-override': 'POST', 'x-method-override': 'POST' },
          { 'user-agent': 'Mozilla/5.0 (compatible; SafeLinks)', accept: '*/*' },
        ]) {
          for (const method of ['GET', 'HEAD']) {
            const link = `/local?${query}&_method=POST`;
            expect((await t.send(method, link, headers)).status).toBe(200);
            // A scanner that is a browser, with cookies and without.
            const opened = await t.send(method, link, { ...headers, 'sec-fetch-mode': 'navigate' });
            expect(opened.status).toBe(303);
            const [cookie = ''] = String(opened.headers['set-cookie']).split(';', 1);
            const page = '/local/notice?_method=POST';
            expect((await t.send(method, page, { ...headers, cookie })).status).toBe(200);
            expect((await t.send(method, page, headers)).status).toBe(400);
          }
        }
        for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
          expect((await t.send(method, `/local?${query}`)).status).toBe(405);
        }
      });
      expect(await t.form('POST', '/local', { token })).toMatchObject({ status: 200 });
      await expectLocked(t, owner);
    });

    test('is not pressed by another site', async () => {
      const t = target();
      const { link: token } = await robbed(t, purpose, t.other.key);
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

    test('locks the account once, however many press it at once', async () => {
      const t = target();
      const owner = await robbed(t, purpose);
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => t.json('POST', REVOKE, { token: owner.link })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(15).fill(400)]);
      await expectLocked(t, owner);
    });

    test('locks the account once together with a later link, pressed at the same moment', async () => {
      const t = target();
      const owner = await robbed(t, purpose);
      await t.changePassword(owner, 'the third one');
      const links = [owner.link, await t.linkTokenOf(owner.email)];
      expect(new Set(links).size).toBe(2);
      const answers = await Promise.all(links.map((token) => t.json('POST', REVOKE, { token })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
      await expectLocked(t, { ...owner, password: 'the third one' });
    });

    test('wins against changes, logins and new keys at the same moment', async () => {
      const t = target();
      const owner = await robbed(t, purpose);
      const key = { is_enabled: true, type: 'KEY', name: 'x', user_id: owner.id };
      const [link, ...thief] = await Promise.all([
        t.json('POST', REVOKE, { token: owner.link }),
        ...Array.from({ length: 4 }, () => t.json('POST', '/v1/key', key)),
        t.changePassword(owner, 'the third one'),
        t.json('POST', LOGIN, { email: owner.email, password: owner.password }),
      ]);
      expect(link.status).toBe(200);
      for (const { status } of thief) expect([200, 400]).toContain(status);
      await expectLocked(t, owner);
      await expectLocked(t, { ...owner, password: 'the third one' });
    });

    test('leaves nothing to the thief when the account is enabled again in the database', async () => {
      const t = target();
      const owner = await robbed(t, purpose);
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

    test('is of no use for another account, nor for another purpose', async () => {
      const t = target();
      const [mine, victims] = [await robbed(t, purpose), await robbed(t, purpose)];
      const [head, named, id, mac] = mine.link.split('.');
      expect(named).toBe(purpose);
      const victim = victims.link.split('.');
      const others = purposes.filter((other) => other !== purpose);
      await t.unchanged(async () => {
        for (const token of [
          `${head}.${named}.${victim[2]}.${mac}`,
          `${head}.${named}.${id}.${victim[3]}`,
          `${victim[0]}.${named}.${id}.${victim[3]}`,
          mine.link.replace(String(id), String(id).toUpperCase()),
          ...others.map((other) => `${head}.${other}.${id}.${mac}`),
          `${head}.${id}.${mac}`,
        ]) {
          expect(await t.json('POST', REVOKE, { token })).toMatchObject(invalid);
        }
      });
    });

    test('cannot be made from the whole database', async () => {
      const t = target();
      const { link } = await robbed(t, purpose);
      const [head, , id, mac] = link.split('.');
      const tables = await t.database.tables();
      const values = Object.values(tables)
        .flat()
        .flatMap((row) => Object.values(row))
        .filter((value): value is string => typeof value === 'string' && value.length > 15);
      const secrets = [...new Set(values)];
      expect(secrets.length).toBeGreaterThan(20);
      const forged = secrets.flatMap((secret) =>
        [`rekey link v1:${purpose}:${id}`, String(id)].map((text) =>
          createHmac('sha256', secret).update(text).digest('base64url'),
        ),
      );
      await t.unchanged(async () => {
        for (const made of forged) {
          const token = `${head}.${purpose}.${id}.${made}`;
          expect(await t.json('POST', REVOKE, { token })).toMatchObject({ status: 400 });
        }
      });
      expect(values.join('\n')).not.toContain(link);
      expect(values.join('\n')).not.toContain(mac);
    });

    test('is worth nothing once it has expired', async () => {
      const t = target();
      const owner = await robbed(t, purpose);
      const [, , id] = owner.link.split('.');
      await t.database.run(
        `update one_time_tokens set expires_at = ${Date.now()} where id = '${id}'`,
      );
      const answer = await t.unchanged(() => t.json('POST', REVOKE, { token: owner.link }));
      expect(answer).toMatchObject(invalid);
      await t.logIn(owner);
    });
  });
});
