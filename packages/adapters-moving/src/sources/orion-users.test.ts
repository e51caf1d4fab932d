import { describe, expect, it } from 'vitest';
import { lines, orionUser, seed } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { orionUsers } from './orion-users.ts';

const hash = 'a'.repeat(64);
const one = async (given: Record<string, unknown>) =>
  (await rowsOf(orionUsers, lines(orionUser(hash, given))))[0];

describe('a user of orion', () => {
  it('has its hash as the id, a password that is hashed with SHA-256, and a key for the forms', async () => {
    expect(await one({})).toEqual({
      line: 1,
      leftOut: [],
      user: {
        id: '5f86c319-0000-4000-8000-000000000001',
        name: 'Ada',
        email: 'ada@example.com',
        email_valid: true,
        password_hash: hash,
        password_hash_format: 'sha256-hex',
        roles: ['user'],
        keys: [{ type: 'TOKEN', service: 'users' }],
      },
    });
  });

  it('stays an admin, and keeps the seed of the second factor that was in use', async () => {
    const given = {
      roles: 'admin,user',
      isUsing2FA: 1,
      secret2FA: `${seed.toLowerCase()}====`,
    };
    expect(await one(given)).toMatchObject({
      user: { roles: ['admin', 'user'], totp_secret: seed },
    });
  });

  it('has no second factor that was not in use, and no proof of an address that was not valid', async () => {
    const row = await one({ secret2FA: seed, emailValid: false });
    expect(row).toMatchObject({ user: { email_valid: false } });
    expect(row).not.toHaveProperty('user.totp_secret', expect.anything());
  });

  it('has all that is left out told by its name', async () => {
    const row = await one({
      roles: ['pilot'],
      isUsing2FA: true,
      secret2FA: '?',
      credentials: [{}],
    });
    expect(row?.leftOut).toEqual(['credentials', 'roles', 'secret2FA']);
  });
});
