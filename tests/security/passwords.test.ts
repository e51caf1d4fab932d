import { describe, expect, onTestFinished, test } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import { aTarget, attack, LOGIN, NEW_PASSWORD, PASSWORD, UPDATE } from './target.ts';

const SEVENTY_TWO = 'a'.repeat(72);

attack('a password', (target) => {
  test.each([
    ['the first 72 bytes of it', `${SEVENTY_TWO}good`, SEVENTY_TWO],
    ['another one behind 72 bytes', `${SEVENTY_TWO}good`, `${SEVENTY_TWO}evil`],
    [
      'another one behind 72 bytes of few characters',
      `${'😀'.repeat(18)}good`,
      `${'😀'.repeat(18)}evil`,
    ],
    ['another last one of 128 characters', `${'b'.repeat(127)}c`, `${'b'.repeat(127)}d`],
    ['it up to a NUL', 'before\0after', 'before\0'],
    ['another one behind a NUL', 'before\0after', 'before\0wrong'],
    ['it without the blank at its end', 'eight ch ', 'eight ch'],
    ['it with a blank before', 'eight chs', ' eight chs'],
    ['it in other case', 'Correct Horse', 'correct horse'],
    ['it in compatible characters', 'ﬁnd the ①', 'find the 1'],
    ['it with a zero-width space', 'eight\u200Bchars', 'eightchars'],
    ['its hash as it is stored', PASSWORD, ''],
  ])('is not matched by %s', async (what, password, guess) => {
    const t = target();
    const owner = await t.enrol({ password });
    const { users = [] } = await t.database.tables();
    const stored = String(users.find(({ id }) => id === owner.id)?.password_hash);
    const tried = what === 'its hash as it is stored' ? stored : guess;
    const login = { email: owner.email, password: tried };
    const answer = await t.unchanged(() => t.json('POST', LOGIN, login));
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
  });

  test('is one password in both normal forms, and the new one must differ in both', async () => {
    const t = target();
    const [composed, decomposed] = ['Pässwörter', 'Pa\u0308sswo\u0308rter'];
    const owner = { ...(await t.enrol({ password: composed })), password: decomposed };
    await t.logIn(owner);
    const answer = await t.unchanged(() => t.changePassword(owner, composed));
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'new_password', code: 'same_as_current' }] },
    });
  });

  test.each([
    ['7 characters', '1234567'],
    ['7 characters of many units', '😀'.repeat(7)],
    ['129 characters', 'a'.repeat(129)],
    ['8 characters that are 4 once normalized', 'a\u0308'.repeat(4)],
    ['a lone surrogate', 'a password \uD800'],
    ['nothing', ''],
  ])('is not set to %s, by any route, and without a hash', async (_what, password) => {
    const t = target();
    const email = 'eve@example.com';
    const work = watchHashing();
    const answers = await t.unchanged(async () => [
      await t.json('POST', '/v1/user', { is_enabled: true, name: 'Eve', email, password }),
      await t.json('POST', UPDATE, { email, password: PASSWORD, new_password: password }),
    ]);
    expect(answers.map(({ status, body }) => [status, body.errors[0].field])).toEqual([
      [400, 'password'],
      [400, 'new_password'],
    ]);
    expect(work()).toBe(0);
  });

  test('of 12 KiB is refused by its length, at a login as well', async () => {
    const t = target();
    const login = { email: 'eve@example.com', password: 'x'.repeat(12_000) };
    const work = watchHashing();
    const answer = await t.unchanged(() => t.json('POST', LOGIN, login));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ code: 'too_long' }] } });
    expect(work()).toBe(0);
  });

  test('is stored as nothing that another program would verify', async () => {
    const t = target();
    const { id } = await t.enrol();
    const { users = [] } = await t.database.tables();
    const stored = users.find((row) => row.id === id)?.password_hash;
    expect(stored).toMatch(/^rk1\$\w+\$\$2b\$04\$/);
  });

  test('is changed once by many who know it, and the others are refused like strangers', async () => {
    const t = target();
    const owner = await t.enrol();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => t.changePassword(owner, `new password ${index}`)),
    );
    const won = answers.findIndex(({ status }) => status === 200);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
    for (const { status, body } of answers) {
      if (status === 400) expect(body.code).toBe('invalid_credentials');
    }
    await t.logIn({ ...owner, password: `new password ${won}` });
    expect(await t.mailsTo(owner.email)).toHaveLength(1);
  });

  test('that was changed ends every session but the one that asked, here and on another server, at once', async () => {
    const t = target();
    const owner = await t.enrol();
    const stolen = await t.logIn(owner);
    const own = await t.logIn(owner);
    const fields = { email: owner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    const second = await aTarget({ DATABASE_URL: t.config.databaseUrl });
    onTestFinished(second.close);
    const of = { key: t.shop.key };
    // Verified everywhere before, so that the good signature is remembered.
    for (const server of [t, second]) {
      const token = { token: stolen.access };
      const verified = await server.json('POST', '/v1/auth/token/verify', token, of);
      expect(verified.status).toBe(200);
    }
    const changed = await t.form('PUT', '/users/update/password', fields, own.access);
    expect(changed.status).toBe(200);
    for (const server of [t, second]) {
      const answers = await t.unchanged(async () => [
        await server.json('POST', '/v1/auth/token/verify', { token: stolen.access }, of),
        await server.json('POST', '/v1/auth/token/refresh', { token: stolen.refresh }, of),
        await server.json('POST', '/v1/auth/token/revoke', { token: stolen.access }, of),
        await server.form('PUT', '/users/update/password', fields, stolen.access),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 401]);
    }
    const alive = await t.json('POST', '/v1/auth/token/verify', { token: own.access });
    expect(alive.status).toBe(200);
  });

  test('that must be changed lets nobody in before, and says so only to somebody who knows it', async () => {
    const t = target();
    const { email, password } = await t.enrol({ password_require_update: true });
    const right = await t.unchanged(() => t.json('POST', LOGIN, { email, password }));
    expect(right).toMatchObject({ status: 403, body: { code: 'password_update_required' } });
    const wrong = await t.unchanged(() => t.json('POST', LOGIN, { email, password: 'wrong' }));
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
  });

  test.each(['$2a$', '$2b$', '$2y$'])(
    'of another system (%s) is not cut at 72 bytes',
    async (tag) => {
      const t = target();
      const owner = await t.enrol();
      // bcrypt of 72 times "a", at the lowest cost.
      const foreign = `${tag}04$......................UaUp2CqHXn14N7RprrzoDsNv91ahi36`;
      await t.database.run(
        `update users set password_hash = '${foreign}' where id = '${owner.id}'`,
      );
      const login = { email: owner.email, password: `${SEVENTY_TWO}x` };
      const answer = await t.unchanged(() => t.json('POST', LOGIN, login));
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
      await t.logIn({ ...owner, password: SEVENTY_TWO });
    },
  );
});

describe('a policy', () => {
  attack(
    'that is standard',
    (target) => {
      test.each([
        ['common', 'password123'],
        ['common in another case', 'PassWord123'],
        ['its service’s name', 'the Shop of things'],
      ])('refuses a password that is %s, on every route that sets one', async (_what, password) => {
        const t = target();
        const owner = await t.enrol({ password: 'k8!Qz2#vL0pW' });
        const answers = await t.unchanged(async () => [
          await t.json('POST', '/v1/user', {
            is_enabled: true,
            name: 'Eve',
            email: t.newEmail(),
            password,
          }),
          await t.changePassword({ ...owner, password: 'k8!Qz2#vL0pW' }, password),
        ]);
        for (const answer of answers) {
          expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
          expect(answer.text).not.toContain(password);
        }
      });
    },
    { PASSWORD_POLICY: 'standard' },
  );

  attack(
    'that is nist',
    (target) => {
      test('refuses 14 characters', async () => {
        const t = target();
        const short = await t.unchanged(() =>
          t.json('POST', '/v1/user', {
            is_enabled: true,
            name: 'Eve',
            email: t.newEmail(),
            password: 'fourteen chars',
          }),
        );
        expect(short).toMatchObject({ status: 400, body: { errors: [{ field: 'password' }] } });
      });
    },
    { PASSWORD_POLICY: 'nist' },
  );
});
