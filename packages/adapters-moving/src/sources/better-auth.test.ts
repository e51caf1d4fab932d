import { describe, expect, it } from 'vitest';
import { betterAuthUser, lines } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { betterAuth } from './better-auth.ts';

const hash = `${'0'.repeat(32)}:${'1'.repeat(128)}`;
const read = (...users: unknown[]) => rowsOf(betterAuth, lines(...users));
const one = async (given: Record<string, unknown>) => (await read(betterAuthUser(hash, given)))[0];

describe('a user of better-auth', () => {
  it('is a user with the address and hash, and the id as an attribute', async () => {
    expect(await read(betterAuthUser(hash))).toEqual([
      {
        line: 1,
        leftOut: [],
        user: {
          attributes: { better_auth_id: 'dM2aSvRhnHPJbtgVNVFUcmFm2rDVYgxZ' },
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          email_valid: true,
          is_enabled: true,
          password_hash: hash,
          password_hash_format: 'better-auth',
          created_at: '2024-05-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('keeps an id that is a UUID', async () => {
    const id = '5f86c319-0000-4000-8000-000000000001';
    expect(await one({ id })).toMatchObject({ user: { id } });
  });

  it.each([
    ['for ever', { banned: true, banExpires: null }, false],
    ['until later', { banned: true, banExpires: '2999-01-01T00:00:00Z' }, false],
    ['until a time that has passed', { banned: true, banExpires: '2020-01-01T00:00:00Z' }, true],
    ['no more', { banned: 0 }, true],
  ])('who is banned %s is enabled: %s', async (_name, given, is_enabled) => {
    expect(await one(given)).toMatchObject({ user: { is_enabled } });
  });

  it('has all that is left out told by its name, and a provider leaves no password', async () => {
    const { user } = betterAuthUser(null, { role: 'admin', twoFactorEnabled: true });
    const [row] = await read({ user, accounts: [{ providerId: 'google', password: hash }] });
    expect(row?.leftOut).toEqual(['user.role', 'user.twoFactorEnabled', 'account of google']);
    expect(row).not.toHaveProperty('user.password_hash');
  });

  it('is told where it has no address, and so is what is none', async () => {
    expect(await read(betterAuthUser(hash, { email: null }), {}, [])).toMatchObject([
      { line: 1, faults: ['has no e-mail address'] },
      { line: 2, faults: ['has no e-mail address'] },
      { line: 3, faults: ['is not an object'] },
    ]);
  });
});
