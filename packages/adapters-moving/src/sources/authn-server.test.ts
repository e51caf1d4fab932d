import { describe, expect, it } from 'vitest';
import { authnAccount, lines } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { authnServer } from './authn-server.ts';

const hash = `$2a$11$${'a'.repeat(53)}`;
const one = async (given: Record<string, unknown>) =>
  (await rowsOf(authnServer, lines(authnAccount(hash, given))))[0];

describe('an account of authn-server', () => {
  it('is a user whose address is the username, with the id as an attribute', async () => {
    expect(await one({ last_login_at: '2024-06-01 10:00:00' })).toEqual({
      line: 1,
      leftOut: [],
      user: {
        attributes: { authn_id: 1 },
        name: 'ada',
        email: 'ada@example.com',
        is_enabled: true,
        password_hash: hash,
        password_require_update: false,
        created_at: '2024-05-01T10:00:00.000Z',
        last_login_at: '2024-06-01T10:00:00.000Z',
      },
    });
  });

  it('is disabled where it was locked, and has to change a password that had expired', async () => {
    expect(await one({ locked: 1, require_new_password: true })).toMatchObject({
      user: { is_enabled: false, password_require_update: true },
    });
  });

  it('has its seed told, which is encrypted there, and its providers', async () => {
    const row = await one({ totp_secret: 'x--y--z', oauth_accounts: [{ provider: 'google' }] });
    expect(row?.leftOut).toEqual(['totp_secret', 'oauth_accounts']);
  });

  it('that was archived is told, and so is one without a username', async () => {
    expect(await one({ deleted_at: '2024-05-01T10:00:00Z' })).toMatchObject({
      faults: ['was archived'],
    });
    expect(await one({ username: null })).toMatchObject({ faults: ['has no e-mail address'] });
  });
});
