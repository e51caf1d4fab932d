import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { operator } from '@rekey/domain';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { withRekey } from './common.ts';

const orion = { name: 'Orion', email: 'orion@example.com', password: 'correct horse' };
const origin = { address: '192.0.2.7', client: null };

let id: string;
beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-roles-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('BCRYPT_COST', '10');
  await run(['init']);
  ({ id } = await withRekey(async ({ users, services }) => {
    await services.openFormService.execute(operator);
    return users.signUp.execute({ kind: 'nobody', origin }, orion);
  }));
});

const user = async (...args: string[]) => JSON.parse(await outputOf('user', ...args, '--json'));

describe('rekey user', () => {
  test('grants and revokes the role of an admin, to an address or an id', async () => {
    const { email } = orion;
    expect(await user('grant', 'ORION@example.com', 'admin')).toEqual({
      id,
      email,
      roles: ['user', 'admin'],
    });
    expect(await user('grant', id, 'admin')).toMatchObject({ roles: ['user', 'admin'] });
    expect(await outputOf('user', 'revoke', id.toUpperCase(), 'admin')).toBe(
      'orion@example.com has the roles user. Sessions from before a change ended.\n',
    );
    const { entries } = JSON.parse(await outputOf('audit', 'list', '--json'));
    const types = entries.map(({ type }: { type: string }) => type);
    expect(types.filter((type: string) => type.includes('Role'))).toEqual([
      'rekey:RoleRevoke',
      'rekey:RoleGrant',
    ]);
  });

  test.each([
    [['grant', 'nobody@example.com', 'admin'], /^there is no user/],
    [['grant', 'orion', 'admin'], /orion/],
    [['grant', 'orion@example.com', 'root'], /choices are admin/],
    [['grant', 'orion@example.com'], /missing required argument 'role'/],
  ])('refuses %j', async (args, message) => {
    expect((await run(['user', ...args])).error?.message).toMatch(message);
  });
});
