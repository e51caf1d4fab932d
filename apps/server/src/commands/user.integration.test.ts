import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { operator } from '@rekey/domain';
import { deliverAll, tokenIn } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { WrongUsage, withRekey } from './common.ts';

const nobody = {
  kind: 'nobody',
  origin: { address: '192.0.2.7', client: 'curl/8.0' },
} as const;
const orion = { name: 'Orion', email: 'orion@example.com', password: 'correct horse' };

let id: string;
beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-user-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('MAIL_DIR', path.join(folder, 'mail'));
  vi.stubEnv('BCRYPT_COST', '10');
  await run(['init']);
  ({ id } = await withRekey(async ({ users, services }) => {
    await services.openFormService.execute(operator);
    return users.signUp.execute(nobody, orion);
  }));
});

const logIn = () => withRekey(({ sessions }) => sessions.login.execute(nobody, orion));
const found = async (...args: string[]) =>
  JSON.parse(await outputOf('user', 'find', ...args, '--json')).users.map(
    ({ email }: { email: string }) => email,
  );
const shown = async (name = id) => JSON.parse(await outputOf('user', 'show', name, '--json')).user;

describe('rekey user', () => {
  test('finds people by id, by address, and by how a name or address begins', async () => {
    await outputOf('user', 'create', 'Rigel', 'rigel@example.com');
    for (const text of [id, id.toUpperCase(), 'ORION@example.com', 'oRi']) {
      expect(await found(text)).toEqual([orion.email]);
    }
    expect(await found('r')).toEqual(['rigel@example.com']);
    expect(await found('nobody')).toEqual([]);
    expect(await outputOf('user', 'find', 'nobody')).toBe('There are none.\n');
    expect(await outputOf('user', 'find', 'ori')).toMatch(
      /^ID +STATE +LAST LOGIN +ADDRESS +NAME\n\S+ +enabled +never +orion@example\.com +Orion\n$/,
    );
  });

  test('shows a user as /v1/user has it', async () => {
    await logIn();
    expect(await shown('ORION@example.com')).toMatchObject({
      id,
      is_enabled: true,
      is_locked: false,
      name: 'Orion',
      email: orion.email,
      email_valid: false,
      last_login_at: expect.stringMatching(/Z$/),
      attributes: {},
      roles: ['user'],
    });
    expect(await outputOf('user', 'show', id)).toContain(`id                       ${id}\n`);
  });

  test('makes and changes a user by options, and only by what they name', async () => {
    const made = await outputOf(
      ...['user', 'create', 'Rigel', 'Rigel@example.com', '--locale', 'de', '--disabled'],
      ...['--attributes', '{"plan":"pro"}', '--json'],
    );
    const { user } = JSON.parse(made);
    expect(user).toMatchObject({
      email: 'rigel@example.com',
      locale: 'de',
      is_enabled: false,
      created_by: null,
      attributes: { plan: 'pro' },
    });
    await outputOf('user', 'update', user.id, '--name', 'Rigel A', '--require-update', 'true');
    expect(await shown(user.id)).toMatchObject({
      name: 'Rigel A',
      locale: 'de',
      password_require_update: true,
      attributes: { plan: 'pro' },
    });
  });

  test.each([
    ['find', ' '],
    ['show', 'no address'],
    ['update', 'orion@example.com', '--locale', 'nonsense!'],
    ['update', 'orion@example.com', '--attributes', '{"a":{}}'],
    ['update', 'orion@example.com', '--attributes', '{'],
    ['create', 'Rigel', 'rigel'],
  ])('refuses what is wrong before anything is opened: %s %s %s %s', async (...args) => {
    const { error, stdout } = await run(['user', ...args]);
    expect([error?.exitCode, stdout]).toEqual([1, '']);
  });

  test('refuses a change of nothing', async () => {
    const { error } = await run(['user', 'update', id]);
    expect(error).toBeInstanceOf(WrongUsage);
  });

  test('disables a user, who is logged out, and enables it again', async () => {
    const { access } = await logIn();
    const isLive = () =>
      withRekey(({ callers }) =>
        callers.authenticateBearer.execute(nobody, { token: access.token }).then(
          () => true,
          () => false,
        ),
      );
    expect(await isLive()).toBe(true);
    expect(await outputOf('user', 'disable', orion.email)).toBe(
      'orion@example.com is disabled, and logged out everywhere.\n',
    );
    expect(await isLive()).toBe(false);
    await expect(logIn()).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await outputOf('user', 'enable', id)).toBe('orion@example.com is enabled.\n');
    await logIn();
  });

  test('deletes a person once that is confirmed', async () => {
    const asked = await run(['user', 'delete', orion.email]);
    expect(asked.error).toBeInstanceOf(WrongUsage);
    expect(await found(id)).toEqual([orion.email]);
    expect(await outputOf('user', 'delete', orion.email, '--yes')).toBe(`${id} is deleted.\n`);
    expect(await found(id)).toEqual([]);
    const again = await run(['user', 'delete', id, '--yes']);
    expect(again.error?.message).toBe(`there is no user ${id}`);
  });

  test('has the owner of a locked account mailed the way back, and of no other', async () => {
    const open = await run(['user', 'recover', orion.email]);
    expect(open.error?.message).toBe('this account is not locked');
    await withRekey(async (useCases) => {
      const change = { ...orion, newPassword: 'battery staple' };
      await useCases.passwords.updatePassword.execute(nobody, change);
      await deliverAll(useCases);
    });
    const token = tokenIn((await outputOf('mail', 'last', '--link')).trim());
    await withRekey(({ recovery }) => recovery.lockAccount.execute(nobody, { token }));
    expect((await shown()).is_locked).toBe(true);
    const enabled = await run(['user', 'enable', id]);
    expect(enabled.error?.message).toContain('the owner locked this account');
    expect(await outputOf('user', 'recover', 'ORION@example.com')).toBe(
      'The way back to orion@example.com is mailed to the owner. The link works for a day.\n',
    );
    expect(JSON.parse(await outputOf('user', 'recover', id, '--json'))).toEqual({ id });
  });

  test('exports all that is kept about a person, and no secret', async () => {
    const { access } = await logIn();
    const text = await outputOf('user', 'export', orion.email);
    const exported = JSON.parse(text);
    expect(Object.keys(exported)).toEqual([
      'user',
      'attributes',
      'passkeys',
      'keys',
      'provider_links',
      'factors',
      'sessions',
      'mails',
      'audit',
    ]);
    expect(exported.user).toMatchObject({ id, email: orion.email });
    expect(exported.keys).toMatchObject([{ type: 'TOKEN', user_id: id }]);
    expect(exported.sessions).toMatchObject([{ remote: '192.0.2.7', ended_at: null }]);
    expect(exported.audit.map(({ type }: { type: string }) => type)).toEqual([
      'sso:UserCreate',
      'sso:KeyCreate',
      'sso:AuthLocalLogin',
    ]);
    for (const secret of [access.token, orion.password, 'digest', '"hash":"$', 'sealed']) {
      expect(text).not.toContain(secret);
    }
  });
});
