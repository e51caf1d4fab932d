import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import { examples } from './routes.ts';
import {
  type Answer,
  attack,
  bytesOf,
  LOCAL,
  LOGIN,
  NEW_PASSWORD,
  NO_ID,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
  UPDATE,
} from './target.ts';

/** Where wrong credentials are 401. */
const isLogin = (route: string) =>
  ['POST /users/login', 'POST /users/authenticate', 'POST /users/google/2FAuth/qrCode'].includes(
    route,
  );

/** A page, where all others answer a problem. */
const PAGE = 'POST /local/change-password';

/** What takes a code, a passkey or the word of a provider, and no password: their use cases have tests of their own. */
const WITHOUT_PASSWORD = [
  'POST /v1/auth/totp',
  `POST ${LOCAL}/login/factor`,
  'POST /v1/auth/token/step-up',
  'POST /v1/auth/provider/:provider/oauth2',
  'POST /v1/auth/factor/totp',
  'POST /v1/auth/factor/totp/confirm',
  'POST /v1/auth/factor/totp/remove',
  'POST /v1/auth/factor/totp/recovery-codes',
  'POST /v1/auth/webauthn/authenticate/finish',
  'POST /users/login/google',
  'POST /users/login/2fa',
  'POST /users/login/google/2fa',
  'POST /users/google/2FAuth/validate',
  'POST /users/2fa/settings',
  'POST /users/2fa/disable',
  'POST /users/2fa/recoveryCodes',
  'POST /users/webauthn/authenticate/finish',
];

const WRONG = 'not the password';
/** Above that of the foreign hash below, which has to be made up for. */
const COST = 6;

/** Accounts in every state that a failed try must not tell apart, and the password that is tried at each. */
const states: Record<string, (t: Target) => Promise<{ email: string; password: string }>> = {
  nobody: async (t) => ({ email: t.newEmail(), password: PASSWORD }),
  'a wrong password': async (t) => ({ ...(await t.enrol()), password: WRONG }),
  'a wrong password of a user who must change it': async (t) => ({
    ...(await t.enrol({ password_require_update: true })),
    password: WRONG,
  }),
  'a disabled user': (t) => t.enrol({ is_enabled: false }),
  'a user without a password': async (t) => {
    const { email } = await t.enrol({ password: undefined });
    return { email, password: PASSWORD };
  },
  'a user of another service alone': (t) => t.enrol({ key: t.other.key }),
  'a user whose TOKEN key is disabled': async (t) => {
    const owner = await t.enrol();
    await t.database.run(`update keys set is_enabled = 0 where id = '${owner.keyId}'`);
    return owner;
  },
  'a user whose TOKEN key was revoked': async (t) => {
    const owner = await t.enrol();
    const revoked = await t.json('POST', '/v1/auth/key/revoke', { key: owner.keyValue });
    expect(revoked.status).toBe(200);
    return owner;
  },
  'a user whose account is locked': async (t) => {
    const owner = await t.enrol();
    await t.changePassword(owner);
    const token = await t.linkTokenOf(owner.email);
    expect(await t.json('POST', REVOKE, { token })).toMatchObject({ status: 200 });
    return { email: owner.email, password: NEW_PASSWORD };
  },
  'a wrong password of a user with a second factor': async (t) => {
    const owner = await t.enrol();
    await t.database.run(
      `update users set has_totp = 1, has_passkey = 1, factor_at_password = 1 where id = '${owner.id}'`,
    );
    return { ...owner, password: WRONG };
  },
  // As an import from another system leaves it: bcrypt at the lowest cost.
  'a wrong password of a foreign hash': async (t) => {
    const owner = await t.enrol();
    const foreign = `$2y$04$${'.'.repeat(53)}`;
    await t.database.run(`update users set password_hash = '${foreign}' where id = '${owner.id}'`);
    return { ...owner, password: WRONG };
  },
  // Cheaper than any hash of bcrypt.
  'a wrong password of a digest of another system': async (t) => {
    const owner = await t.enrol();
    const digest = `$digest$sha256,suffix$$${'A'.repeat(43)}`;
    await t.database.run(`update users set password_hash = '${digest}' where id = '${owner.id}'`);
    return { ...owner, password: WRONG };
  },
  'a hash that is not one': async (t) => {
    const owner = await t.enrol();
    await t.database.run(`update users set password_hash = '!' where id = '${owner.id}'`);
    return owner;
  },
};

attack(
  'a failed try tells nothing of the account',
  (target) => {
    const accounts: Record<string, { email: string; password: string }> = {};
    let bearer: string;
    beforeAll(async () => {
      const t = target();
      for (const [state, make] of Object.entries(states)) accounts[state] = await make(t);
      bearer = await t.formLogIn(await t.signUp());
    });

    /** Every way to prove a password: the test below finds one that is missing here. */
    const tries: Record<string, (email: string, password: string) => Promise<Answer>> = {
      [`POST ${LOGIN}`]: (email, password) => target().json('POST', LOGIN, { email, password }),
      [`POST ${UPDATE}`]: (email, password) =>
        target().json('POST', UPDATE, { email, password, new_password: 'something else' }),
      [`POST ${LOCAL}/update-email`]: (email, password) =>
        target().json('POST', `${LOCAL}/update-email`, {
          email,
          password,
          new_email: 'eve@example.net',
        }),
      'POST /users/login': (email, password) =>
        target().form('POST', '/users/login', { email, password }),
      'POST /users/authenticate': (email, password) =>
        target().form('POST', '/users/authenticate', { email, password }),
      'POST /users/google/2FAuth/qrCode': (email, password) =>
        target().form('POST', '/users/google/2FAuth/qrCode', { email, password }),
      'POST /users/update/password': (email, password) =>
        target().form('POST', '/users/update/password', {
          email,
          password,
          newPassword: 'something else',
        }),
      [PAGE]: (email, password) =>
        target().form('POST', '/local/change-password', {
          email,
          password,
          newPassword: 'something else',
          code: '000000',
        }),
    };

    test('is tried at every route that judges credentials', () => {
      const judging = examples
        .filter(({ errors }) => errors.includes('invalid_credentials'))
        .map(({ name }) => name);
      const all = [...Object.keys(tries), ...Object.keys(hunts), ...WITHOUT_PASSWORD];
      expect(judging.toSorted()).toEqual(all.sort());
    });

    /** Calls about the own account alone, by somebody else's session. */
    const hunts: Record<string, (email: string, password: string) => Promise<Answer>> = {
      'PUT /users/update': (email, password) =>
        target().form('PUT', '/users/update', { email, password, name: 'Eve' }, bearer),
      'PUT /users/update/email': (email, password) =>
        target().form(
          'PUT',
          '/users/update/email',
          { email, password, newEmail: 'eve@example.net' },
          bearer,
        ),
      'PUT /users/update/password': (email, password) =>
        target().form(
          'PUT',
          '/users/update/password',
          { email, password, newPassword: 'something else' },
          bearer,
        ),
      'POST /users/delete': (email, password) =>
        target().form('POST', '/users/delete', { email, password }, bearer),
      'DELETE /users/delete': (email, password) =>
        target().form('DELETE', '/users/delete', { email, password }, bearer),
    };

    describe.each(Object.entries(hunts))('%s', (_route, hunt) => {
      test.each(Object.keys(states))(
        'answers %s to the byte as it answers an unknown address, without a hash',
        async (state) => {
          const { email, password } = accounts[state] ?? { email: '', password: '' };
          const toNobody = await hunt('nobody@example.com', PASSWORD);
          const work = watchHashing(COST);
          const answer = await target().unchanged(() => hunt(email, password));
          expect(work()).toBe(0);
          expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
          expect(bytesOf(answer)).toBe(bytesOf(toNobody));
        },
      );
    });

    describe.each(['/users/create', '/users/createAuthenticate'])('POST %s', (url) => {
      const signUp = (email: string, password: string) =>
        target().form('POST', url, { name: 'Eve', email, password });

      test.each(Object.keys(states).filter((state) => state !== 'nobody'))(
        'answers %s to the byte as it answers an address that cannot be used, after one hash',
        async (state) => {
          const { email, password } = accounts[state] ?? { email: '', password: '' };
          const unusable = await signUp('nobody@localhost', PASSWORD);
          const work = watchHashing(COST);
          const answer = await target().unchanged(() => signUp(email, password));
          expect(work()).toBe(1);
          expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
          expect(bytesOf(answer)).toBe(bytesOf(unusable));
        },
      );
    });

    describe.each(Object.entries(tries))('%s', (route, attempt) => {
      let toNobody: Answer;
      beforeAll(async () => {
        toNobody = await attempt('nobody@example.com', PASSWORD);
      });

      test.each(Object.keys(states))(
        'answers %s to the byte as it answers an unknown address, after one hash',
        async (state) => {
          const { email, password } = accounts[state] ?? { email: '', password: '' };
          const work = watchHashing(COST);
          const answer = await target().unchanged(() => attempt(email, password));
          expect(work()).toBe(1);
          expect(answer).toMatchObject({
            status: isLogin(route) ? 401 : 400,
            ...(route !== PAGE && { body: { code: 'invalid_credentials' } }),
          });
          expect(bytesOf(answer)).toBe(bytesOf(toNobody));
        },
      );
    });
  },
  { BCRYPT_COST: String(COST) },
);

attack(
  'a failed try tells nothing of the account, whatever was tried before',
  (target) => {
    type Account = { email: string; password: string };
    type Tried = { readonly answer: string; readonly hashes: number };

    /** Networks that nobody has been in yet: whatever was tried before is that of this test. */
    let networks = 0;
    const aNetwork = (): string => {
      networks += 1;
      return `10.0.${networks >> 8}.${networks & 255}`;
    };
    const wrong = (email: string, from: string, more: object = {}) =>
      target().json('POST', LOGIN, { email, password: WRONG, ...more }, { from });
    const wrongCode = (user_id: string, from: string) =>
      target().json('POST', '/v1/auth/totp', { user_id, totp: '0000000' }, { from });
    const siege = (guess: (from: string) => Promise<unknown>) =>
      Promise.all(Array.from({ length: 50 }, () => guess(aNetwork())));
    const deviceOf = async ({ email, password }: Account): Promise<string> => {
      const answer = await target().json('POST', LOGIN, { email, password });
      expect(answer).toMatchObject({ status: 200 });
      return answer.body.device;
    };

    type Guess = (from: string) => Promise<unknown>;
    /** What others did before, from the network of the tries or from elsewhere. */
    const histories: Record<string, (guess: Guess, from: string) => Promise<unknown>> = {
      'nothing happened': async () => undefined,
      'a few tries from there': async (guess, from) => {
        for (let i = 0; i < 3; i += 1) await guess(from);
      },
      'all free tries from there': async (guess, from) => {
        for (let i = 0; i < 5; i += 1) await guess(from);
      },
      'all free tries from there, and a moment': async (guess, from) => {
        for (let i = 0; i < 5; i += 1) await guess(from);
        vi.setSystemTime(Date.now() + 1500);
      },
      'a siege from everywhere': siege,
    };

    /** Eight tries, in turn at both routes, after a history. `owner`: what the owner does at last, from that network. */
    async function tell(
      account: Account,
      history: string,
      { device, owner }: { device?: string; owner?: (from: string) => Promise<unknown> } = {},
    ): Promise<Tried[]> {
      const t = target();
      const from = aNetwork();
      await histories[history]?.((from) => wrong(account.email, from), from);
      await owner?.(from);
      const told: Tried[] = [];
      for (let i = 0; i < 8; i += 1) {
        const body = { ...account, device };
        const [url, fields] =
          i % 2 === 0 ? [LOGIN, body] : [UPDATE, { ...body, new_password: 'something else' }];
        const work = watchHashing(COST);
        const answer = bytesOf(await t.json('POST', url, fields, { from }));
        told.push({ answer, hashes: work() });
        vi.restoreAllMocks();
      }
      return told;
    }
    const aNobody = (): Account => ({ email: target().newEmail(), password: WRONG });

    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['Date'] });
      onTestFinished(() => void vi.useRealTimers());
    });

    describe.each(Object.keys(histories))('after %s', (history) => {
      test.each(Object.entries(states))(
        '%s reads like an unknown address',
        async (_state, make) => {
          const { email, password } = await make(target());
          const told = await tell({ email, password }, history);
          expect(told).toEqual(await tell(aNobody(), history));
        },
      );

      test('an owner who logs in, mistypes and changes the password reads like an unknown address', async () => {
        const t = target();
        const { email } = await t.enrol();
        const device = await deviceOf({ email, password: PASSWORD });
        const owner = async (from: string) => {
          const right = { email, password: PASSWORD };
          await t.json('POST', LOGIN, right, { from });
          await wrong(email, from, { device });
          const known = await t.json('POST', LOGIN, { ...right, device }, { from });
          expect(known).toMatchObject({ status: 200 });
          const change = { ...right, new_password: NEW_PASSWORD, device };
          expect(await t.json('POST', UPDATE, change, { from })).toMatchObject({ status: 200 });
          await t.json('POST', LOGIN, { email, password: NEW_PASSWORD }, { from });
        };
        const told = await tell({ email, password: WRONG }, history, { owner });
        expect(told).toEqual(await tell(aNobody(), history));
      });

      test('an account reads like an unknown address to the device of another account', async () => {
        const t = target();
        const [device, another] = [
          await deviceOf(await t.enrol()),
          await deviceOf(await t.enrol()),
        ];
        const { email } = await t.enrol();
        const told = await tell({ email, password: WRONG }, history, { device });
        expect(told).toEqual(await tell(aNobody(), history, { device: another }));
      });

      test('a wrong code reads alike in every state of an account', async () => {
        const t = target();
        const [owner, disabled, elsewhere, without] = [
          await t.enrol(),
          await t.enrol({ is_enabled: false }),
          await t.enrol(),
          await t.enrol(),
        ];
        await t.addKey(owner.id, 'TOTP');
        await t.addKey(disabled.id, 'TOTP');
        await t.addKey(elsewhere.id, 'TOTP', t.other.key);
        const told: string[][] = [];
        for (const { id } of [{ id: randomUUID() }, owner, disabled, elsewhere, without]) {
          const from = aNetwork();
          await histories[history]?.((from) => wrongCode(id, from), from);
          const answers: string[] = [];
          for (let i = 0; i < 8; i += 1) answers.push(bytesOf(await wrongCode(id, from)));
          told.push(answers);
        }
        for (const answers of told) expect(answers).toEqual(told[0]);
        expect(told[0]?.at(-1)).toMatch(/^429/);
      });
    });

    test('a wrong password from a known device reads like an unknown address with a device, over the ceiling', async () => {
      const t = target();
      const owner = await t.enrol();
      const [mine, strange] = [await deviceOf(owner), await deviceOf(await t.enrol())];
      const { email } = owner;
      const history = 'a siege from everywhere';
      const told = await tell({ email, password: WRONG }, history, { device: mine });
      expect(told).toEqual(await tell(aNobody(), history, { device: strange }));
      expect(told).toEqual(Array(8).fill({ answer: expect.stringMatching(/^429/), hashes: 1 }));
    });
  },
  { BCRYPT_COST: String(COST), THROTTLE_ACCOUNT_FREE: '5' },
);

attack('a refusal tells nothing of what exists', (target) => {
  /** Every answer is refused with that status, equal to the others byte by byte, and nothing was changed. */
  async function alike(status: number, attempts: (() => Promise<Answer>)[]): Promise<void> {
    const answers = await target().unchanged(() => Promise.all(attempts.map((each) => each())));
    expect(answers.map(({ status }) => status)).toEqual(attempts.map(() => status));
    expect(new Set(answers.map(bytesOf)).size).toBe(1);
  }

  /** A link of the same right, by somebody who cannot sign it. */
  const forged = (token: string) => token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));

  test('an address that is taken reads like one that cannot be used, after as much hashing', async () => {
    const t = target();
    const { email } = await t.enrol({ password: undefined });
    const user = (email: string) => ({ is_enabled: true, name: 'Eve', email, password: PASSWORD });
    await alike(400, [
      () => t.json('POST', '/v1/user', user(email)),
      () => t.json('POST', '/v1/user', user('nobody@localhost')),
    ]);
    const fields = { name: 'Eve', password: PASSWORD };
    await alike(400, [
      () => t.form('POST', '/users/create', { ...fields, email }),
      () => t.form('POST', '/users/create', { ...fields, email: 'nobody@localhost' }),
    ]);
    const work = watchHashing();
    expect(await t.json('POST', '/v1/user', user(email))).toMatchObject({ status: 400 });
    expect(work()).toBe(1);
  });

  test('a user or a key of another service reads like one that does not exist', async () => {
    const t = target();
    const foreign = await t.enrol({ key: t.other.key, password: undefined });
    await alike(404, [
      () => t.json('GET', `/v1/user/${foreign.id}`),
      () => t.json('GET', `/v1/user/${NO_ID}`),
      () => t.json('GET', '/v1/user/no-id'),
    ]);
    await alike(404, [
      () => t.json('GET', `/v1/key/${foreign.keyId}`),
      () => t.json('GET', `/v1/key/${NO_ID}`),
    ]);
  });

  test('a failed try at a user of another service is in the audit like one at an unknown address', async () => {
    const t = target();
    const foreign = await t.enrol({ key: t.other.key });
    const attempts = [foreign.email, 'nobody@example.com'].map((email) => ({
      email,
      password: WRONG,
    }));
    const entries = [];
    for (const attempt of attempts) {
      await t.json('POST', LOGIN, attempt);
      await t.recordSums();
      const { body } = await t.json('GET', '/v1/audit?type=sso:AuthLocalLogin&limit=1');
      const { id, created_at, sequence, previous_hash, hash, ...rest } = body.data[0];
      entries.push(rest);
    }
    expect(entries[0]).toMatchObject({
      type: 'sso:AuthLocalLogin',
      outcome: 'failure',
      user_id: null,
    });
    expect(entries[0]).toEqual(entries[1]);
  });

  test('a key for a locked account is refused like one for an unknown user', async () => {
    const t = target();
    const owner = await t.enrol();
    await t.changePassword(owner);
    const token = await t.linkTokenOf(owner.email);
    expect(await t.json('POST', REVOKE, { token })).toMatchObject({ status: 200 });
    const key = (user_id: string) => ({ is_enabled: true, type: 'KEY', name: 'x', user_id });
    await alike(400, [
      () => t.json('POST', '/v1/key', key(owner.id)),
      () => t.json('POST', '/v1/key', key(NO_ID)),
    ]);
  });

  test('a key that is unknown, revoked, foreign, or of a disabled user is refused in one way', async () => {
    const t = target();
    const revoked = await t.enrol({ password: undefined });
    await t.json('POST', '/v1/auth/key/revoke', { key: revoked.keyValue });
    const disabled = await t.enrol({ password: undefined, is_enabled: false });
    const foreign = await t.enrol({ password: undefined, key: t.other.key });
    const keys = [`rku_${'A'.repeat(43)}`, revoked.keyValue, disabled.keyValue, foreign.keyValue];
    await alike(
      400,
      keys.map((key) => () => t.json('POST', '/v1/auth/key/verify', { key })),
    );
  });

  test('a link that is unknown, used or another service’s is refused in one way, and on the page so is one that nobody signed', async () => {
    const t = target();
    const owner = await t.enrol();
    await t.changePassword(owner);
    const used = await t.linkTokenOf(owner.email);
    expect(await t.json('POST', REVOKE, { token: used })).toMatchObject({ status: 200 });
    const stranger = await t.enrol();
    await t.changePassword(stranger);
    const good = await t.linkTokenOf(stranger.email);
    const other = { key: t.other.key };
    await alike(400, [
      () => t.json('POST', REVOKE, { token: 'rkl_unknown' }),
      () => t.json('POST', REVOKE, { token: used }),
      () => t.json('POST', REVOKE, { token: good }, other),
      () => t.json('POST', REVOKE, { token: good.replace(/[0-9a-f](?=\.[^.]+$)/, 'x') }),
    ]);
    await alike(400, [
      () => t.form('POST', '/local', { token: 'rkl_unknown' }),
      () => t.form('POST', '/local', { token: forged(used) }),
      () => t.form('POST', '/local', { token: forged(good) }),
    ]);
    await alike(400, [
      () => t.form('POST', '/local/recover', { token: 'rkl_unknown' }),
      () => t.form('POST', '/local/recover', { token: forged(used) }),
      // The service leaves the way back to itself.
      () => t.form('POST', '/local/recover', { token: used }),
      // Good, and locks: it opens nothing.
      () => t.form('POST', '/local/recover', { token: good }),
    ]);
  });

  test('the page of a link tells nothing without a link that is or was good', async () => {
    const t = target();
    const changed = async (owner: Owner) => {
      const fields = { email: owner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
      await t.form('PUT', '/users/update/password', fields, await t.formLogIn(owner));
      return t.linkTokenOf(owner.email);
    };
    const owner = await t.signUp();
    const good = await changed(owner);
    const left = await t.signUp();
    const used = await changed(left);
    await t.form('POST', '/local', { token: used });
    const open = (token: string, email = owner.email) =>
      t.send('GET', `/local?type=update_password&email=${email}&token=${token}`);

    await alike(400, [
      () => open('rkl_unknown', 'nobody@example.com'),
      () => open(forged(good)),
      () => open(forged(used), left.email),
      () => t.send('GET', '/local'),
    ]);
    // Whoever holds the link that was used learns what became of it, and nothing of the person.
    const press = () => t.form('POST', '/local', { token: used });
    await alike(400, [() => open(used), () => open(used, 'nobody@example.com'), press]);
    const { text } = await open(used);
    expect(text).toContain('Your account is locked');
    for (const word of [left.email, left.id, 'Orion', owner.email])
      expect(text).not.toContain(word);
    const page = await open(good, 'nobody@example.com');
    expect(page.status).toBe(200);
    expect(page.text).toContain(owner.email);
    expect(page.text).not.toContain('nobody@example.com');
  });

  test('a key that belongs to no service is refused like a root key that acts, and like a made-up one', async () => {
    const t = target();
    const { keyValue } = await t.enrol({ password: undefined });
    const login = { email: 'a@example.com', password: PASSWORD };
    const keys = [t.rootKey, keyValue, `rks_${'A'.repeat(43)}`];
    await alike(
      401,
      keys.map((key) => () => t.json('POST', LOGIN, login, { key })),
    );
  });
});
