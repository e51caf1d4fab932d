import { expect, test } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import {
  type Answer,
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

const RESET = `${LOCAL}/reset-password`;
const CONFIRM = `${RESET}/confirm`;
const RECOVER = '/users/recoverPassword';
const STOLEN = 'the password of a thief';
const invalid = { status: 400, body: { code: 'invalid_one_time_token' } };

let requests = 0;
/** Mails that strangers start have budgets by client: each request comes from another. */
const elsewhere = () => {
  requests += 1;
  return { from: `10.1.${requests >> 8}.${requests & 255}` };
};

const ask = (t: Target, email: string, key = t.shop.key) =>
  t.json('POST', RESET, { email }, { key, ...elsewhere() });

async function mailed(t: Target, owner: Pick<Owner, 'email'>, key = t.shop.key): Promise<string> {
  expect(await ask(t, owner.email, key)).toMatchObject({ status: 200 });
  return t.linkTokenOf(owner.email, 'reset_password');
}

async function asked(t: Target, key = t.shop.key) {
  const owner = await t.enrol({ key });
  return { ...owner, link: await mailed(t, owner, key) };
}
type Asked = Awaited<ReturnType<typeof asked>>;

const confirm = (t: Target, token: string, password = NEW_PASSWORD) =>
  t.json('POST', CONFIRM, { token, password });

const opens = async (t: Target, { email }: Owner, password: string, key = t.shop.key) =>
  (await t.json('POST', LOGIN, { email, password }, { key })).status === 200;

const patch = (t: Target, id: string, body: object) => t.json('PATCH', `/v1/user/${id}`, body);

attack('the link of a reset is dead', (target) => {
  const moves: Record<string, (t: Target, owner: Asked) => Promise<unknown>> = {
    'the password was changed': (t, owner) => t.changePassword(owner),
    'the password was changed, and changed back': async (t, owner) => {
      await t.changePassword(owner);
      return t.changePassword({ ...owner, password: NEW_PASSWORD }, PASSWORD);
    },
    'it was used': (t, { link }) => confirm(t, link),
    'somebody asked again': (t, owner) => mailed(t, owner),
    'the address was changed': (t, { id }) =>
      t.database.run(`update users set email = 'eve-${id}@example.com' where id = '${id}'`),
    'the user was disabled': (t, { id }) => patch(t, id, { is_enabled: false }),
    'the user was disabled, and enabled again': async (t, { id }) => {
      await patch(t, id, { is_enabled: false });
      return patch(t, id, { is_enabled: true });
    },
    'resets were forbidden': (t, { id }) => patch(t, id, { password_allow_reset: false }),
    'the TOKEN key was revoked': (t, { keyValue }) =>
      t.json('POST', '/v1/auth/key/revoke', { key: keyValue }),
    'the TOKEN key was disabled': (t, { keyId }) =>
      t.json('PATCH', `/v1/key/${keyId}`, { is_enabled: false }),
    'the account was locked': async (t, owner) => {
      await t.addKey(owner.id, 'KEY');
      const token = await t.linkTokenOf(owner.email, 'factor_change');
      return t.json('POST', REVOKE, { token });
    },
    'the user was deleted': (t, { id }) => t.json('DELETE', `/v1/user/${id}`),
  };

  test.each(Object.entries(moves))('after %s', async (_what, move) => {
    const t = target();
    const owner = await asked(t);
    await move(t, owner);
    await t.unchanged(async () => {
      const answers = [
        await confirm(t, owner.link, STOLEN),
        await t.form('POST', `${RECOVER}/confirm`, { token: owner.link, newPassword: STOLEN }),
      ];
      for (const answer of answers) expect(answer).toMatchObject(invalid);
      const body = { token: owner.link, password: STOLEN };
      expect(await t.form('POST', '/local', body)).toMatchObject({ status: 400 });
    });
    expect(await opens(t, owner, STOLEN)).toBe(false);
  });
});

attack('the link of a reset is good', (target) => {
  const moves: Record<string, (t: Target, owner: Asked) => Promise<unknown>> = {
    'the user logged in, and out': async (t, owner) => {
      const { access } = await t.logIn(owner);
      return t.json('POST', '/v1/auth/logout', { token: access, all: true });
    },
    'more keys were made': (t, { id }) => t.addKey(id, 'KEY'),
    'another service asked for one it cannot have': (t, { email }) => ask(t, email, t.other.key),
    'another service presented it': async (t, { link: token }) => {
      const body = { token, password: STOLEN };
      const answer = await t.json('POST', CONFIRM, body, { key: t.other.key });
      expect(answer).toMatchObject(invalid);
    },
    'it came with passwords that are refused': async (t, { link }) => {
      for (const password of ['', 'short', PASSWORD, 'x'.repeat(129)]) {
        const answer = await confirm(t, link, password);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
      }
    },
    'it was presented as every other secret': async (t, { link: token }) => {
      for (const [url, body] of [
        [REVOKE, { token }],
        [`${RESET}/revoke`, { token }],
        [`${LOCAL}/register/confirm`, { token, password: STOLEN }],
        [`${LOCAL}/recover/confirm`, { token, password: STOLEN }],
        [`${LOCAL}/validate-email/confirm`, { token }],
        ['/v1/auth/token/verify', { token }],
        ['/v1/auth/token/refresh', { token }],
        ['/v1/auth/token/revoke', { token }],
        ['/v1/auth/key/verify', { key: token }],
        ['/v1/auth/key/revoke', { key: token }],
      ] as const) {
        const { status } = await t.json('POST', url, body);
        expect([url, status >= 400 && status < 500]).toEqual([url, true]);
      }
      expect((await t.json('GET', '/v1/user', undefined, { key: token })).status).toBe(401);
    },
    'scanners opened it': async (t, { link: token, email }) => {
      const url = `/local?type=reset_password&email=${email}&token=${token}`;
      for (const headers of [
        {},
        { 'sec-purpose': 'prefetch;prerender' },
        { 'x-http-method-override': 'POST' },
      ]) {
        for (const method of ['GET', 'HEAD']) {
          expect((await t.send(method, url, headers)).status).toBe(200);
          const navigation = { ...headers, 'sec-fetch-mode': 'navigate' };
          expect((await t.send(method, url, navigation)).status).toBe(303);
        }
      }
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        const body = { token, password: STOLEN };
        expect((await t.json(method, CONFIRM, body)).status).toBe(405);
      }
    },
  };

  test.each(Object.entries(moves))('after %s', async (_what, move) => {
    const t = target();
    const owner = await asked(t);
    const before = await t.database.tables();
    await move(t, owner);
    const hashOf = ({ users = [] }: typeof before) =>
      users.find(({ id }) => id === owner.id)?.password_hash;
    expect(hashOf(await t.database.tables())).toBe(hashOf(before));
    expect(await confirm(t, owner.link)).toMatchObject({ status: 200 });
    expect(await opens(t, owner, NEW_PASSWORD)).toBe(true);
    expect(await opens(t, owner, PASSWORD)).toBe(false);
  });

  test('once, however many press it at once, and ends what was open', async () => {
    const t = target();
    const owner = await asked(t);
    const { access } = await t.logIn(owner);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => confirm(t, owner.link, `password ${n}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await opens(t, owner, `password ${winner}`)).toBe(true);
    const verified = await t.json('POST', '/v1/auth/token/verify', { token: access });
    expect(verified.status).toBe(400);
  });
});

attack('a request of a reset tells nothing of the account', (target) => {
  const states: Record<string, (t: Target) => Promise<{ email: string }>> = {
    'an owner': (t) => t.enrol(),
    nobody: async (t) => ({ email: t.newEmail() }),
    'a disabled user': (t) => t.enrol({ is_enabled: false }),
    'a user without a password': (t) => t.enrol({ password: undefined }),
    'a user who must change the password': (t) => t.enrol({ password_require_update: true }),
    'a user who may not': (t) => t.enrol({ password_allow_reset: false }),
    'a user of another service alone': (t) => t.enrol({ key: t.other.key }),
    'a user of the form dialect': (t) => t.signUp(),
    'a user whose TOKEN key was revoked': async (t) => {
      const owner = await t.enrol();
      await t.json('POST', '/v1/auth/key/revoke', { key: owner.keyValue });
      return owner;
    },
    'a user whose account is locked': async (t) => {
      const owner = await t.enrol();
      await t.changePassword(owner);
      await t.json('POST', REVOKE, { token: await t.linkTokenOf(owner.email) });
      return owner;
    },
    'somebody who asked often': async (t) => {
      const owner = await t.enrol();
      for (let n = 0; n < 12; n += 1) await ask(t, owner.email);
      return owner;
    },
  };
  const routes: Record<string, (t: Target, email: string) => Promise<Answer>> = {
    [`POST ${RESET}`]: (t, email) => ask(t, email),
    [`POST ${RECOVER}`]: (t, email) => t.form('POST', RECOVER, { email }, undefined, elsewhere()),
  };

  test.each(Object.entries(routes))('by %s', async (_route, send) => {
    const t = target();
    const hashing = watchHashing();
    const answers = new Set<string>();
    for (const make of Object.values(states)) {
      const { email } = await make(t);
      const before = hashing();
      answers.add(bytesOf(await send(t, email)));
      expect(hashing()).toBe(before);
    }
    expect(answers.size).toBe(1);
  });

  test('and takes no password from a mail', async () => {
    const t = target();
    const owner = await asked(t);
    const mails = await t.mailsTo(owner.email);
    const { raw = '' } = mails.at(-1) ?? {};
    for (const secret of [PASSWORD, NEW_PASSWORD, owner.keyValue]) {
      expect(raw).not.toContain(secret);
    }
    expect(await opens(t, owner, PASSWORD)).toBe(true);
  });
});
