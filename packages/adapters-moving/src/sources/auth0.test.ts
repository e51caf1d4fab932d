import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { auth0Hash, auth0Profile, lines, seed } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { auth0 } from './auth0.ts';

const hash = `$2b$10$${'a'.repeat(53)}`;
const read = (...entries: unknown[]) => rowsOf(auth0, lines(...entries));
const one = async (entry: unknown) => (await read(entry))[0];

describe('a user of Auth0', () => {
  it('is a user with the address, and the id as an attribute', async () => {
    expect(await read(auth0Profile({ last_login: '2024-06-01T10:00:00.000Z' }))).toEqual([
      {
        line: 1,
        leftOut: [],
        user: {
          attributes: { auth0_id: 'auth0|60425dc43519d90068f82973' },
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          email_valid: true,
          is_enabled: true,
          created_at: '2024-05-01T10:00:00.000Z',
          last_login_at: '2024-06-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('is the one of the export of hashes, by the id and the address', async () => {
    const plain = { email: undefined, email_verified: undefined };
    const rows = await read(
      auth0Hash(hash),
      auth0Hash(hash, plain),
      auth0Hash(hash, { alt_id: 'euclid' }),
    );
    expect(rows).toMatchObject([
      {
        leftOut: [],
        user: {
          attributes: { auth0_id: 'auth0|60425dc43519d90068f82973' },
          email: 'ada@example.com',
          email_valid: true,
          password_hash: hash,
        },
      },
      { user: { email: 'ada@example.com', email_valid: true, password_hash: hash } },
      { user: { attributes: { auth0_id: 'auth0|euclid' } } },
    ]);
  });

  it('is one of both exports where they are sorted by the id', async () => {
    const both = (id: string, email: string) => [
      { id, entry: auth0Hash(hash, { email, email_verified: false }) },
      { id, entry: auth0Profile({ user_id: id, email, blocked: true }) },
    ];
    const rows = await read(
      ...both('auth0|1', 'a@example.com'),
      ...both('auth0|2', 'b@example.com').reverse(),
      { id: 'auth0|3', entry: auth0Hash(hash, { email: 'c@example.com' }) },
      { id: 'auth0|4', entry: auth0Profile({ email: 'd@example.com' }) },
    );
    const user = {
      name: 'Ada Lovelace',
      email_valid: true,
      is_enabled: false,
      password_hash: hash,
    };
    expect(rows).toMatchObject([
      { line: 2, leftOut: [], user: { ...user, email: 'a@example.com' } },
      { line: 4, leftOut: [], user: { ...user, email: 'b@example.com' } },
      { line: 5, user: { email: 'c@example.com', name: 'c', password_hash: hash } },
      { line: 6, user: { email: 'd@example.com' } },
    ]);
  });

  it('is read from an array as well', async () => {
    expect(await rowsOf(auth0, JSON.stringify([auth0Profile(), auth0Profile()]))).toHaveLength(2);
  });

  it('who is blocked is disabled, and who is not verified is not', async () => {
    expect(await one(auth0Profile({ blocked: true, email_verified: false }))).toMatchObject({
      user: { is_enabled: false, email_valid: false },
    });
  });

  it('has all that is left out told by its name', async () => {
    const row = await one(
      auth0Profile({
        username: 'ada',
        user_metadata: { plan: 'pro' },
        app_metadata: {},
        multifactor: ['guardian'],
        identities: [{ provider: 'google-oauth2', isSocial: true }, { provider: 'auth0' }],
        mfa_factors: [{ phone: { value: '+12025550100' } }],
      }),
    );
    expect(row?.leftOut).toEqual([
      'user_metadata',
      'multifactor',
      'identities of google-oauth2',
      'mfa_factors',
      'username',
    ]);
  });

  it('has the seed of the form of its imports', async () => {
    const row = await one(auth0Profile({ mfa_factors: [{ totp: { secret: seed } }] }));
    expect(row).toMatchObject({ leftOut: [], user: { totp_secret: seed } });
  });

  const octets = Buffer.alloc(32, 7);
  const sha256 = createHash('sha256').update('saltsecret').digest();
  const custom = (given: Record<string, unknown>) => auth0Profile({ custom_password_hash: given });

  it.each([
    ['bcrypt', { algorithm: 'bcrypt', hash: { value: hash } }, hash],
    [
      'argon2',
      { algorithm: 'argon2', hash: { value: '$argon2id$…', encoding: 'utf8' } },
      '$argon2id$…',
    ],
    ['ldap', { algorithm: 'ldap', hash: { value: '{SSHA}abc' } }, '{SSHA}abc'],
    [
      'scrypt',
      {
        algorithm: 'scrypt',
        cost: 16_384,
        blockSize: 8,
        parallelization: 1,
        keylen: 32,
        hash: { value: octets.toString('hex'), encoding: 'hex' },
        salt: { value: 'c2FsdA==', encoding: 'base64' },
      },
      `$scrypt$ln=16384,r=8,p=1$c2FsdA==$${octets.toString('base64')}`,
    ],
    [
      'md5',
      { algorithm: 'md5', hash: { value: '0'.repeat(32), encoding: 'hex' } },
      `{SMD5}${Buffer.alloc(16).toString('base64')}`,
    ],
  ])('has a hash of the form of its imports: %s', async (_name, given, password_hash) => {
    expect(await one(custom(given))).toMatchObject({ user: { password_hash } });
  });

  it('has a digest of it whose salt stands in front', async () => {
    const given = {
      algorithm: 'sha256',
      hash: { value: sha256.toString('base64url'), encoding: 'base64' },
      salt: { value: 'salt', position: 'prefix' },
    };
    expect(await one(custom(given))).toMatchObject({
      user: {
        password_hash: sha256.toString('hex'),
        password_hash_format: 'sha256-hex',
        password_salt: 'salt',
        password_salt_position: 'prefix',
      },
    });
  });

  it.each([
    ['of HMAC', { algorithm: 'hmac', hash: { value: '00', encoding: 'hex', digest: 'sha1' } }],
    ['of MD4', { algorithm: 'md4', hash: { value: '0'.repeat(32), encoding: 'hex' } }],
    [
      'of UTF-16',
      { algorithm: 'bcrypt', hash: { value: hash }, password: { encoding: 'utf16le' } },
    ],
    [
      'with a salt of no place',
      { algorithm: 'md5', hash: { value: '0'.repeat(32), encoding: 'hex' }, salt: { value: 'a' } },
    ],
    ['that is no hex', { algorithm: 'md5', hash: { value: 'zz', encoding: 'hex' } }],
    [
      'of scrypt without its cost',
      { algorithm: 'scrypt', hash: { value: '00', encoding: 'hex' }, salt: { value: 'a' } },
    ],
  ])('with a hash %s is told', async (_name, given) => {
    expect(await one(custom(given))).toMatchObject({
      faults: ['has a password hash that cannot be used here'],
    });
  });

  it('without an address is told', async () => {
    expect(await read(auth0Profile({ email: undefined }))).toMatchObject([
      { line: 1, faults: ['has no e-mail address'] },
    ]);
  });
});
