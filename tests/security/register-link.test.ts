import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import {
  type Answer,
  aTarget,
  attack,
  bytesOf,
  LOCAL,
  LOGIN,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

const REGISTER = `${LOCAL}/register`;
const CONFIRM = `${REGISTER}/confirm`;
const OWN = 'the password of the owner';
const invalid = { status: 400, body: { code: 'invalid_one_time_token' } };

let requests = 0;
/** Mails that strangers start have budgets by client: each request comes from another. */
const elsewhere = () => {
  requests += 1;
  return { from: `10.2.${requests >> 8}.${requests & 255}` };
};

const allow = async (t: Target) => {
  for (const { id, key } of [t.shop, t.other]) {
    await t.json('PATCH', `/v1/service/${id}`, { user_allow_register: true }, { key });
  }
};
const ask = (t: Target, email: string, key = t.shop.key) =>
  t.json('POST', REGISTER, { name: 'Ada', email }, { key, ...elsewhere() });
async function asked(t: Target, email = t.newEmail()) {
  expect(await ask(t, email)).toMatchObject({ status: 200, text: '{}' });
  return { email, link: await t.linkTokenOf(email, 'register') };
}
type Asked = Awaited<ReturnType<typeof asked>>;

const confirm = (t: Target, token: string, password = OWN, key = t.shop.key) =>
  t.json('POST', CONFIRM, { token, password }, { key });
const opens = async (t: Target, email: string, password: string, key = t.shop.key) =>
  (await t.json('POST', LOGIN, { email, password }, { key })).status === 200;
const lock = async (t: Target, owner: Owner) => {
  await t.changePassword(owner);
  await t.json('POST', REVOKE, { token: await t.linkTokenOf(owner.email) });
};

attack('a registration tells nothing of the address', (target) => {
  beforeAll(() => allow(target()));

  const states: Record<string, (t: Target) => Promise<{ email: string }>> = {
    nobody: async (t) => ({ email: t.newEmail() }),
    'a user of the service': (t) => t.enrol(),
    'a user of another service alone': (t) => t.enrol({ key: t.other.key }),
    'a disabled user': (t) => t.enrol({ is_enabled: false }),
    'a user without a password': (t) => t.enrol({ password: undefined }),
    'a user of the form dialect': (t) => t.signUp(),
    'a user whose account is locked': async (t) => {
      const owner = await t.enrol();
      await lock(t, owner);
      return owner;
    },
    'a user who proved the address': async (t) => {
      const registered = await asked(t);
      await confirm(t, registered.link);
      return registered;
    },
    'a user whom the service keeps out': async (t) => {
      const registered = await asked(t);
      await confirm(t, registered.link);
      await t.database.run(
        `update keys set is_enabled = 0 where user_id = (select id from users where email = '${registered.email}')`,
      );
      return registered;
    },
    'an address that its owner can take back': async (t) => {
      const owner = await t.enrol();
      const new_email = t.newEmail();
      const body = { email: owner.email, password: PASSWORD, new_email };
      expect(await t.json('POST', `${LOCAL}/update-email`, body)).toMatchObject({ status: 200 });
      return owner;
    },
    'a mailbox that had enough mails': async (t) => {
      const { email } = await asked(t);
      for (let n = 0; n < 12; n += 1) await ask(t, email);
      return { email };
    },
  };

  test('to whoever asks, by no byte and no hash', async () => {
    const t = target();
    const hashing = watchHashing();
    const answers = new Set<string>();
    for (const make of Object.values(states)) {
      const { email } = await make(t);
      const before = hashing();
      answers.add(bytesOf(await ask(t, email)));
      expect(hashing()).toBe(before);
    }
    expect(answers.size).toBe(1);
  });

  test('to whoever measures: as many rows are written for every account', async () => {
    const t = target();
    const written = new Set<string>();
    const { 'a mailbox that had enough mails': _, ...others } = states;
    for (const make of Object.values(others)) {
      const { email } = await make(t);
      const count = async () =>
        Object.entries(await t.database.tables()).map(([name, rows]) => [name, rows.length]);
      const before = new Map((await count()) as [string, number][]);
      await ask(t, email);
      const more = ((await count()) as [string, number][])
        // The mailbox, and whoever asks, are counted from the first mail on.
        .filter(([name]) => name !== 'throttles')
        .map(([name, rows]) => [name, rows - (before.get(name) ?? 0)]);
      written.add(JSON.stringify(more));
    }
    expect(written.size).toBe(1);
  });
});

attack('the link of a registration is dead', (target) => {
  beforeAll(() => allow(target()));

  const moves: Record<string, (t: Target, asked: Asked) => Promise<unknown>> = {
    'somebody asked again': (t, { email }) => asked(t, email),
    'it was used': (t, { link }) => confirm(t, link),
    'the address was locked': async (t, { email }) => lock(t, await t.enrol({ email })),
    'a user of the address was disabled': (t, { email }) => t.enrol({ email, is_enabled: false }),
    'a user of the address was deleted': async (t, { email }) => {
      const { id } = await t.enrol({ email });
      return t.json('DELETE', `/v1/user/${id}`);
    },
    'somebody left the address, and can take it back': async (t, { email }) => {
      await t.enrol({ email });
      const body = { email, password: PASSWORD, new_email: t.newEmail() };
      return t.json('POST', `${LOCAL}/update-email`, body);
    },
    'its life was over': (t, { email }) =>
      t.database.run(`update one_time_tokens set expires_at = 1 where email = '${email}'`),
  };
  test.each(Object.entries(moves))('after %s', async (_what, move) => {
    const t = target();
    const registered = await asked(t);
    await move(t, registered);
    await t.unchanged(async () => {
      expect(await confirm(t, registered.link)).toMatchObject(invalid);
      const body = { token: registered.link, password: OWN };
      expect((await t.form('POST', '/local', body)).status).toBeGreaterThanOrEqual(400);
    });
  });

  test('once the service takes no registrations, or is disabled', async () => {
    const t = await aTarget();
    onTestFinished(t.close);
    await allow(t);
    const registered = await asked(t);
    const patch = (body: object) =>
      t.json('PATCH', `/v1/service/${t.shop.id}`, body, { key: t.rootKey });
    await patch({ user_allow_register: false });
    expect(await confirm(t, registered.link)).toMatchObject(invalid);
    await patch({ user_allow_register: true, is_enabled: false });
    const body = { token: registered.link, password: OWN };
    expect((await t.form('POST', '/local', body)).status).toBe(400);
  });
});

attack('the link of a registration is good', (target) => {
  beforeAll(() => allow(target()));

  const moves: Record<string, (t: Target, asked: Asked) => Promise<unknown>> = {
    'another service presented it': async (t, { link }) => {
      expect(await confirm(t, link, OWN, t.other.key)).toMatchObject(invalid);
    },
    'somebody signed up with the address': (t, { email }) =>
      t.form('POST', '/users/create', { name: 'Eve', email, password: PASSWORD }),
    'it came with passwords that are refused': async (t, { link }) => {
      for (const password of ['', 'short', 'x'.repeat(129)]) {
        const answer = await confirm(t, link, password);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
      }
    },
    'it was presented as every other secret': async (t, { link: token }) => {
      for (const [url, body] of [
        [REVOKE, { token }],
        [`${REGISTER}/revoke`, { token }],
        [`${LOCAL}/reset-password/confirm`, { token, password: OWN }],
        [`${LOCAL}/recover/confirm`, { token, password: OWN }],
        [`${LOCAL}/validate-email/confirm`, { token }],
        ['/v1/auth/token/verify', { token }],
        ['/v1/auth/token/refresh', { token }],
        ['/v1/auth/key/verify', { key: token }],
        ['/v1/auth/key/revoke', { key: token }],
      ] as const) {
        const { status } = await t.json('POST', url, body);
        expect([url, status >= 400 && status < 500]).toEqual([url, true]);
      }
      expect((await t.json('GET', '/v1/user', undefined, { key: token })).status).toBe(401);
    },
    'scanners opened it': async (t, { link: token, email }) => {
      const url = `/local?type=register&email=${email}&token=${token}`;
      for (const accept of ['text/html', 'text/plain', 'application/json']) {
        for (const method of ['GET', 'HEAD']) {
          expect((await t.send(method, url, { accept })).status).toBe(200);
        }
      }
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        expect((await t.json(method, CONFIRM, { token, password: OWN })).status).toBe(405);
      }
    },
  };
  test.each(Object.entries(moves))('after %s', async (_what, move) => {
    const t = target();
    const registered = await asked(t);
    await move(t, registered);
    expect(await confirm(t, registered.link)).toMatchObject({ status: 200 });
    expect(await opens(t, registered.email, OWN)).toBe(true);
    expect(await opens(t, registered.email, PASSWORD)).toBe(false);
  });

  test('once, however many press it at once', async () => {
    const t = target();
    const { email, link } = await asked(t);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => confirm(t, link, `password ${n}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await opens(t, email, `password ${winner}`)).toBe(true);
  });
});

/** What somebody has who prepared an account for the address of somebody else. */
type Booty = { readonly ways: Record<string, () => Promise<Answer>> };

attack('an account that somebody prepared for the address of somebody else', (target) => {
  beforeAll(() => allow(target()));

  async function byForm(t: Target, email: string): Promise<Booty> {
    const fields = { name: 'Eve', email, password: PASSWORD };
    const created = await t.form('POST', '/users/createAuthenticate', fields);
    expect(created.status).toBe(200);
    const bearer = created.body.token;
    const { hash } = created.body.user;
    const key = await t.addKey(hash, 'KEY', t.other.key);
    return {
      ways: {
        'the password, in the form dialect': () =>
          t.form('POST', '/users/login', { email, password: PASSWORD }),
        'the session': () => t.send('GET', '/users/me', { authorization: `Bearer ${bearer}` }),
        'the sign-up once more': () => t.form('POST', '/users/create', fields),
        'a key of another service': () =>
          t.json('POST', '/v1/auth/key/verify', { key: key.value }, { key: t.other.key }),
      },
    };
  }

  async function byService(t: Target, email: string, key: string): Promise<Booty> {
    const owner = await t.enrol({ key, email, attributes: { plan: 'of Eve' } });
    const { access, refresh } = await t.logIn(owner, key);
    const own = await t.addKey(owner.id, 'KEY', key);
    const more = { key };
    return {
      ways: {
        'the password': () => t.json('POST', LOGIN, { email, password: PASSWORD }, more),
        'the session': () => t.json('POST', '/v1/auth/token/verify', { token: access }, more),
        'the refresh token': () =>
          t.json('POST', '/v1/auth/token/refresh', { token: refresh }, more),
        'a key': () => t.json('POST', '/v1/auth/key/verify', { key: own.value }, more),
      },
    };
  }

  const preparations: Record<string, (t: Target, email: string) => Promise<Booty>> = {
    'by a sign-up': byForm,
    'by a sign-up, whose link a scanner visited': async (t, email) => {
      const booty = await byForm(t, email);
      const [mail] = await t.mailsTo(email);
      const link = new URL(/https?:\/\/\S+code=\S+/.exec(mail?.text ?? '')?.[0] ?? '');
      for (const accept of ['text/html', 'text/plain', 'application/json, text/plain, */*']) {
        await t.send('GET', `${link.pathname}${link.search}`, { accept });
        await t.send('HEAD', `${link.pathname}${link.search}`, { accept });
      }
      return booty;
    },
    'by a sign-up that was moved to the address': async (t, email) => {
      const from = await t.signUp();
      const bearer = await t.formLogIn(from);
      const fields = { email: from.email, newEmail: email, password: PASSWORD };
      const moved = await t.form('PUT', '/users/update/email', fields, bearer);
      expect(moved.status).toBe(200);
      return {
        ways: {
          'the password, in the form dialect': () =>
            t.form('POST', '/users/login', { email, password: PASSWORD }),
          'the session': () =>
            t.send('GET', '/users/me', { authorization: `Bearer ${moved.text}` }),
        },
      };
    },
    'by the service of the registration': (t, email) => byService(t, email, t.shop.key),
    'by another service': (t, email) => byService(t, email, t.other.key),
  };

  test.each(Object.entries(preparations))(
    'is of no more use to whoever prepared it %s',
    async (_how, prepare) => {
      const t = target();
      const email = t.newEmail();
      const { ways } = await prepare(t, email);
      const { link } = await asked(t, email);
      for (const [way, use] of Object.entries(ways)) {
        expect([way, (await use()).status]).toEqual([way, 200]);
      }
      expect(await confirm(t, link)).toMatchObject({ status: 200 });

      for (const [way, use] of Object.entries(ways)) {
        const { status } = await use();
        expect([way, status >= 400 && status < 500]).toEqual([way, true]);
      }
      expect(await opens(t, email, OWN)).toBe(true);
      expect(await opens(t, email, PASSWORD)).toBe(false);
      const { body } = await t.json('GET', `/v1/user?email=${email}`);
      expect(body.data).toMatchObject([{ name: 'Ada', email_valid: true, attributes: {} }]);

      // The links that were mailed before are in the owner's own mailbox. None of them takes anything back.
      expect(await t.changePassword({ id: '', email, password: OWN }, NEW_PASSWORD)).toMatchObject({
        status: 200,
      });
      const locked = await t.json('POST', REVOKE, { token: await t.linkTokenOf(email) });
      expect(locked).toMatchObject({ status: 200 });
      const [to] = (await t.database.tables()).users?.filter((row) => row.email === email) ?? [];
      expect(to?.recover_to).toBe(email);
    },
  );

  test('is not touched by a registration that nobody confirms', async () => {
    const t = target();
    const owner = await t.enrol();
    const { access } = await t.logIn(owner);
    await asked(t, owner.email);
    expect(await opens(t, owner.email, PASSWORD)).toBe(true);
    const verified = await t.json('POST', '/v1/auth/token/verify', { token: access });
    expect(verified.status).toBe(200);
  });
});
