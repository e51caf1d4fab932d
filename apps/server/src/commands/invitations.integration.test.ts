import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { operator } from '@rekey/domain';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { withRekey } from './common.ts';

beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-invitations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('BCRYPT_COST', '10');
  await run(['init']);
});

const jsonOf = async (...args: string[]) => JSON.parse(await outputOf(...args, '--json'));
const owed = async () =>
  withRekey(({ deliveries }) =>
    deliveries.listDeliveries.execute(operator, { state: 'waiting', limit: 10 }),
  );

describe('rekey create-admin', () => {
  test('makes an admin before the first start, and owes the mail with the link', async () => {
    const made = await jsonOf('create-admin', 'Eve', 'Eve@Example.com');
    expect(made).toMatchObject({
      email: 'eve@example.com',
      roles: ['user', 'admin'],
      is_invited: true,
    });
    expect(await owed()).toMatchObject([{ kind: 'invite', to: 'eve@example.com' }]);
    expect(await jsonOf('create-admin', 'Eve', 'eve@example.com')).toEqual({
      ...made,
      is_invited: false,
    });
    expect(await owed()).toHaveLength(1);
  });

  test('makes no admin of a stranger who signed up before', async () => {
    const origin = { address: '192.0.2.7', client: null };
    const stranger = { name: 'Eve', email: 'eve@example.com', password: 'correct horse' };
    await withRekey(async ({ users, services }) => {
      await services.openFormService.execute(operator);
      await users.signUp.execute({ kind: 'nobody', origin }, stranger);
    });
    const { error } = await run(['create-admin', 'Eve', 'eve@example.com']);
    expect(error).toMatchObject({ violations: [{ message: 'has an account that nobody proved' }] });
  });

  test.each([[['create-admin', 'Eve']], [['create-admin', 'Eve', 'no address']]])(
    'refuses %j',
    async (args) => {
      expect((await run(args)).error).toBeInstanceOf(Error);
      expect(await owed()).toEqual([]);
    },
  );
});

describe('rekey user invite', () => {
  test('owes a mail to a user who has no password', async () => {
    const { user } = await jsonOf('user', 'create', 'Ada', 'ada@example.com');
    expect(await jsonOf('user', 'invite', 'ADA@example.com')).toEqual({
      id: user.id,
      email: 'ada@example.com',
    });
    expect(await outputOf('user', 'invite', user.id)).toMatch(/^ada@example\.com is invited/);
    const mails = await owed();
    expect(mails.map(({ kind }) => kind)).toEqual(['invite', 'invite']);
  });

  test('says why a user is not invited', async () => {
    await jsonOf('user', 'create', 'Ada', 'ada@example.com', '--disabled');
    const { error } = await run(['user', 'invite', 'ada@example.com']);
    expect(error).toMatchObject({ violations: [{ message: 'is disabled' }] });
    const { error: none } = await run(['user', 'invite', 'nobody@example.com']);
    expect(none?.message).toMatch(/there is no user/);
  });
});
