import { describe, expect, it } from 'vitest';
import { lines, seed, supabaseUser } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { supabase } from './supabase.ts';

const hash = `$2a$10$${'a'.repeat(53)}`;
const read = (...users: unknown[]) => rowsOf(supabase, lines(...users));
const one = async (given: Record<string, unknown>, text: string | null = hash) =>
  (await read(supabaseUser(text, given)))[0];

const ada = {
  id: '5f86c319-0000-4000-8000-000000000001',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  email_valid: true,
  is_enabled: true,
  password_hash: hash,
  totp_secret: seed,
  created_at: '2024-05-01T10:00:00.000Z',
};

/** A table, as editors of SQL write it. */
function tableOf(...users: readonly Record<string, unknown>[]): string {
  const cell = (value: unknown) => {
    const text =
      typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
    return `"${text.replaceAll('"', '""')}"`;
  };
  const rows = users.map((user) => Object.values(user).map(cell).join(','));
  return [Object.keys(users[0] ?? {}).join(','), ...rows, ''].join('\r\n');
}

describe('a user of Supabase', () => {
  it('is one with the same id, address, hash and seed', async () => {
    expect(await read(supabaseUser(hash))).toEqual([{ line: 1, leftOut: [], user: ada }]);
  });

  it('is the same in an array, and in a table as PostgreSQL prints it', async () => {
    expect(await rowsOf(supabase, JSON.stringify([supabaseUser(hash)]))).toMatchObject([
      { user: ada },
    ]);
    const printed = {
      created_at: '2024-05-01 12:00:00+02',
      email_confirmed_at: '2024-05-01 10:00:00.5+00',
    };
    expect(await rowsOf(supabase, tableOf(supabaseUser(hash, printed)))).toEqual([
      { line: 2, leftOut: [], user: ada },
    ]);
  });

  it('is read after a mark of order and blanks', async () => {
    const text = `\ufeff${'\n'.repeat(20)}${lines(supabaseUser(hash))}`;
    expect(await rowsOf(supabase, text)).toMatchObject([{ line: 21, user: ada }]);
  });

  it('is not looked for in a table without the columns of a user', async () => {
    await expect(rowsOf(supabase, 'id,name\n1,Ada\n')).rejects.toThrow(
      'its header has no email, encrypted_password',
    );
  });

  it('is disabled during a ban, and not after it', async () => {
    expect(await one({ banned_until: '2999-01-01T00:00:00+00:00' })).toMatchObject({
      user: { is_enabled: false },
    });
    expect(await one({ banned_until: '2020-01-01 00:00:00+00' })).toMatchObject({
      user: { is_enabled: true },
    });
    expect(await one({ banned_until: 'infinity' })).toMatchObject({ user: { is_enabled: false } });
  });

  it('is not verified before the address is confirmed', async () => {
    expect(await one({ email_confirmed_at: null })).toMatchObject({ user: { email_valid: false } });
  });

  it('who signed in with a provider alone has no password', async () => {
    expect(await one({}, '')).not.toHaveProperty('user.password_hash');
  });

  it('has a hash that came from Firebase with all its parameters', async () => {
    const text = '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=a2V5$c2FsdA==$aGFzaA==';
    expect(await one({}, text)).toMatchObject({
      user: { password_hash: '$firescrypt$ln=14,r=8,p=1$c2FsdA==$aGFzaA==$Bw==$a2V5' },
    });
  });

  it.each([
    ['was deleted', { deleted_at: '2024-05-02T10:00:00Z' }, hash],
    ['is anonymous', { is_anonymous: true }, null],
    [
      'has a password hash that cannot be used here',
      {},
      '{"key_id":"1","alg":"aes-gcm-hkdf","data":""}',
    ],
    ['has a password hash that cannot be used here', {}, '$fbscrypt$v=2'],
    ['has no e-mail address', { email: '' }, hash],
  ])('who %s is told', async (fault, given, text) => {
    expect(await one(given, text)).toMatchObject({ faults: [fault] });
  });

  it('has all that is left out told by its name', async () => {
    const row = await one({
      phone: '12025550100',
      raw_user_meta_data: { name: 'Ada', avatar_url: 'https://example.com/a.png' },
      factors: [
        { factor_type: 'totp', status: 'unverified', secret: seed },
        { factor_type: 'phone', status: 'verified', secret: null },
        { factor_type: 'totp', status: 'verified', secret: '{"key_id":"1"}' },
      ],
    });
    expect(row?.leftOut).toEqual(['phone', 'raw_user_meta_data.avatar_url', 'factors']);
    expect(row).not.toHaveProperty('user.totp_secret', expect.anything());
  });
});
