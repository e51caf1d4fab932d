import { describe, expect, it } from 'vitest';
import { firebaseAccount, firebaseRow } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { firebase } from './firebase.ts';

const hashConfig = {
  algorithm: 'SCRYPT',
  base64_signer_key: Buffer.alloc(64, 1).toString('base64'),
  base64_salt_separator: 'Bw==',
  rounds: 8,
  mem_cost: 14,
};
const password = { passwordHash: Buffer.alloc(64, 2).toString('base64'), salt: 'c2FsdA==' };
const json = (...users: unknown[]) => JSON.stringify({ users }, null, 2);
const read = (text: string) => rowsOf(firebase, text, { hashConfig });
const one = async (given: Record<string, unknown>) =>
  (await read(json(firebaseAccount(password, given))))[0];

const ada = {
  attributes: { firebase_id: 'l0cal1dOfAda0000000000000001' },
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  email_valid: true,
  is_enabled: true,
  password_hash: `$firescrypt$ln=14,r=8,p=1$c2FsdA==$${password.passwordHash}$Bw==$${hashConfig.base64_signer_key}`,
  created_at: '2024-05-01T10:00:00.000Z',
  last_login_at: '2024-05-01T10:00:00.000Z',
};

describe('an account of Firebase', () => {
  it('is a user with the address, the hash with its parameters, and the id as an attribute', async () => {
    expect(await read(json(firebaseAccount(password)))).toEqual([
      { line: 1, leftOut: [], user: ada },
    ]);
  });

  it('is the same in a table', async () => {
    const [first, second] = [firebaseAccount(password), firebaseAccount({}, { disabled: true })];
    expect(await read(firebaseRow(first) + firebaseRow(second))).toMatchObject([
      { line: 1, leftOut: [], user: ada },
      { line: 2, user: { is_enabled: false } },
    ]);
  });

  it('is disabled, or not verified, as it was', async () => {
    expect(await one({ disabled: true, emailVerified: false })).toMatchObject({
      user: { is_enabled: false, email_valid: false },
    });
  });

  it('has the address as the beginning of a name where it has none', async () => {
    expect(await one({ displayName: undefined })).toMatchObject({ user: { name: 'ada' } });
  });

  it('has all that is left out told by its name', async () => {
    const row = await one({
      phoneNumber: '+12025550100',
      customAttributes: '{"admin":true}',
      providerUserInfo: [{ providerId: 'google.com', rawId: '1' }, { providerId: 'password' }],
      mfaInfo: [{ phoneInfo: '+12025550100' }],
    });
    expect(row?.leftOut).toEqual([
      'phoneNumber',
      'customAttributes',
      'mfaInfo',
      'provider google.com',
    ]);
  });

  it('of a table has its providers told', async () => {
    const cells = firebaseRow(firebaseAccount()).split(',');
    cells[19] = '1234';
    expect(await read(cells.join(','))).toMatchObject([{ leftOut: ['provider github.com'] }]);
  });

  it('without an address, or with a hash that is none, is told', async () => {
    const bad = firebaseAccount({ passwordHash: '?', salt: 'c2FsdA==' });
    expect(await read(json(firebaseAccount({}, { email: undefined }), bad))).toMatchObject([
      { line: 1, faults: ['has no e-mail address'] },
      { line: 2, faults: ['has a password hash or salt that is not base64'] },
    ]);
  });

  it('without a password needs no parameters, and one with a password does', async () => {
    expect(await rowsOf(firebase, json(firebaseAccount()))).toHaveLength(1);
    await expect(rowsOf(firebase, json(firebaseAccount(password)))).rejects.toThrow(
      '--hash-config',
    );
  });

  it('is not read with parameters that are wrong, which are told at once', async () => {
    const given = {
      ...hashConfig,
      algorithm: 'BCRYPT',
      base64_signer_key: '',
      rounds: 1.5,
      mem_cost: 99,
    };
    await expect(rowsOf(firebase, json(), { hashConfig: given })).rejects.toThrow(
      '--hash-config is not that of Firebase: algorithm has to be SCRYPT; base64_signer_key has to be base64; rounds has to be 1 to 64; mem_cost has to be 1 to 20.',
    );
    await expect(rowsOf(firebase, json(), { hashConfig: 'x' })).rejects.toThrow('algorithm');
  });

  it('is not looked for in a table of another kind', async () => {
    await expect(read('id,email\n1,a@example.com\n')).rejects.toThrow('not such an export');
  });
});
