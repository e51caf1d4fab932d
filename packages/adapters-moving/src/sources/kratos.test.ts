import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { kratosIdentity, seed } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { kratos } from './kratos.ts';

const hash = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA';
const read = async (...identities: unknown[]) => rowsOf(kratos, JSON.stringify(identities));
const one = async (given: Record<string, unknown>, text: string | null = hash) => {
  const [row] = await read(kratosIdentity(text, given));
  return row;
};
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

describe('an identity of Kratos', () => {
  it('is a user with its id, name, address, hash and seed', async () => {
    expect(await read(kratosIdentity(hash))).toEqual([
      {
        line: 1,
        leftOut: [],
        user: {
          id: '5f86c319-0000-4000-8000-000000000001',
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          email_valid: true,
          is_enabled: true,
          password_hash: hash,
          totp_secret: seed,
          created_at: '2024-05-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('is read from pages one after another, and from single identities', async () => {
    const identity = JSON.stringify(kratosIdentity(hash));
    const rows = await rowsOf(kratos, `[${identity}][${identity},${identity}]\n${identity}\n`);
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
  });

  it('is disabled where it is inactive', async () => {
    expect(await one({ state: 'inactive' })).toMatchObject({ user: { is_enabled: false } });
  });

  it.each([
    [
      'the trait, though another one was verified',
      { email: 'a@example.com' },
      ['b@example.com'],
      'a@example.com',
      false,
    ],
    ['the trait in any case', { email: 'A@Example.com' }, ['a@example.com'], 'A@Example.com', true],
    ['the one that was verified', {}, ['b@example.com'], 'b@example.com', true],
    ['that of the password', {}, [], 'ada@example.com', false],
  ])('has as its address %s', async (_name, traits, verified, email, isValid) => {
    const row = await one({
      traits,
      verifiable_addresses: [
        { value: 'x@example.com', verified: false, via: 'email' },
        ...verified.map((value) => ({ value, verified: true, via: 'email' })),
        { value: '+12025550100', verified: true, via: 'sms' },
      ].slice(verified.length === 0 ? 2 : 0),
    });
    expect(row).toMatchObject({ user: { email, email_valid: isValid } });
  });

  it('is not proven by an address that nobody verified', async () => {
    const address = { value: 'ada@example.com', verified: false, via: 'email' };
    expect(await one({ verifiable_addresses: [address] })).toMatchObject({
      user: { email_valid: false },
    });
  });

  it('without an address is told', async () => {
    const row = await one({
      traits: { phone: '1' },
      credentials: {},
      verifiable_addresses: [],
      recovery_addresses: [],
    });
    expect(row).toEqual({ line: 1, leftOut: ['traits.phone'], faults: ['has no e-mail address'] });
  });

  it('has all that is left out told by its name', async () => {
    const row = await one({
      traits: { email: 'ada@example.com', phone: '+12025550100', 'x y': 1 },
      metadata_public: { plan: 'pro' },
      external_id: '17',
      credentials: {
        password: { type: 'password', identifiers: [] },
        oidc: { config: { providers: [{ provider: 'google', subject: '1' }] } },
        webauthn: {},
        totp: { config: { totp_url: `otpauth://totp/x?secret=${seed}&algorithm=SHA256` } },
      },
      verifiable_addresses: [{ value: 'b@example.com', verified: true, via: 'email' }],
    });
    expect(row?.leftOut).toEqual([
      'metadata_public',
      'external_id',
      'traits.phone',
      'traits.(other fields)',
      'credentials.oidc',
      'credentials.webauthn',
      'credentials.password',
      'credentials.totp',
      'verifiable_addresses',
    ]);
  });

  it('that was listed without its hash has it told', async () => {
    expect((await one({}, null))?.leftOut).toEqual(['credentials.password']);
  });

  const digest = createHash('sha256').update('saltsecret').digest();
  it.each([
    ['pbkdf2', '$pbkdf2-sha256$i=1,l=32$c2FsdA$aGFzaA', '$pbkdf2-sha256$i=1,l=32$c2FsdA$aGFzaA'],
    [
      'sha1',
      `$sha1$pf=${base64('{PASSWORD}{SALT}')}$${base64('salt')}$${base64(Buffer.alloc(20))}`,
      `{SSHA}${base64(Buffer.from(`${'\0'.repeat(20)}salt`))}`,
    ],
    ['md5', `$md5$${base64(Buffer.alloc(16))}`, `{SMD5}${base64(Buffer.alloc(16))}`],
  ])('has the hash %s in the words of Rekey', async (_name, given, password_hash) => {
    expect(await one({}, given)).toMatchObject({ user: { password_hash } });
  });

  it('has a digest whose salt stands in front', async () => {
    const given = `$sha256$pf=${base64('{SALT}{PASSWORD}')}$${base64('salt')}$${base64(digest)}`;
    expect(await one({}, given)).toMatchObject({
      user: {
        password_hash: digest.toString('hex'),
        password_hash_format: 'sha256-hex',
        password_salt: 'salt',
        password_salt_position: 'prefix',
      },
    });
  });

  it.each([
    [
      'of another order',
      `$sha256$pf=${base64('{SALT}-{PASSWORD}')}$${base64('salt')}$${base64(digest)}`,
    ],
    [
      'with a salt in front that is no text',
      `$sha256$pf=${base64('{SALT}{PASSWORD}')}$${base64(Buffer.of(0xff))}$${base64(digest)}`,
    ],
    [
      'of SHA-1 with a salt in front',
      `$sha1$pf=${base64('{SALT}{PASSWORD}')}$${base64('salt')}$${base64(Buffer.alloc(20))}`,
    ],
    ['that is not whole', `$sha256$${base64('short')}`],
  ])('with a digest %s is told', async (_name, given) => {
    expect(await one({}, given)).toMatchObject({
      faults: ['has a password hash that cannot be used here'],
    });
  });
});
