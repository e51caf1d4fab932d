import { describe, expect, it } from 'vitest';
import {
  keycloakOtp,
  keycloakPbkdf2,
  keycloakRealm,
  keycloakUser,
  seed,
} from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { keycloak } from './keycloak.ts';

const password = keycloakPbkdf2(Buffer.from('salt'), Buffer.alloc(64, 1), 210_000);
const { credentialData, secretData } = password;
const read = (...users: unknown[]) => rowsOf(keycloak, JSON.stringify(keycloakRealm(...users)));
const one = async (...given: Parameters<typeof keycloakUser>) =>
  (await read(keycloakUser(...given)))[0];

describe('a user of Keycloak', () => {
  it('is one with the same id, address and hash', async () => {
    expect(await read(keycloakUser([password]))).toEqual([
      {
        line: 1,
        leftOut: ['realmRoles'],
        user: {
          id: '5f86c319-0000-4000-8000-000000000001',
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          email_valid: true,
          is_enabled: true,
          password_hash: JSON.stringify({ credentialData, secretData }),
          password_hash_format: 'keycloak',
          password_require_update: false,
          created_at: '2024-05-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('is read from files of users and from several realms', async () => {
    const file = JSON.stringify({ realm: 'example', users: [keycloakUser([password])] });
    expect(await rowsOf(keycloak, file + file)).toHaveLength(2);
    expect(await rowsOf(keycloak, `[${file},${file}]`)).toHaveLength(2);
  });

  it('of a file of a realm that was exported without users is missed', async () => {
    await expect(rowsOf(keycloak, '{"realm":"example","clients":[]}')).rejects.toThrow('users[]');
  });

  it('stays disabled and unverified', async () => {
    expect(await one([password], { enabled: false, emailVerified: false })).toMatchObject({
      user: { is_enabled: false, email_valid: false },
    });
  });

  it('who came from elsewhere has no password', async () => {
    const row = await one([], { federatedIdentities: [{ identityProvider: 'google' }] });
    expect(row).toMatchObject({ leftOut: ['realmRoles', 'federatedIdentities'] });
    expect(row).not.toHaveProperty('user.password_hash');
  });

  it('who has to change the password has to here', async () => {
    const row = await one([password], { requiredActions: ['UPDATE_PASSWORD', 'CONFIGURE_TOTP'] });
    expect(row).toMatchObject({
      leftOut: ['realmRoles', 'requiredActions'],
      user: { password_require_update: true },
    });
  });

  it('of the directory of a realm keeps the id as an attribute', async () => {
    expect(await one([password], { id: 'f:1:ada' })).toMatchObject({
      user: { attributes: { keycloak_id: 'f:1:ada' } },
    });
  });

  it('logs in with the address, and a name of another kind is told', async () => {
    const row = await one([password], { username: 'ada', firstName: '', lastName: undefined });
    expect(row).toMatchObject({ leftOut: ['realmRoles', 'username'], user: { name: 'ada' } });
  });

  it('has the language of the account, if it is one', async () => {
    const [good, bad] = await read(
      keycloakUser([], { attributes: { locale: ['pt_BR'] } }),
      keycloakUser([], { attributes: { locale: ['?'], phone: ['1'] } }),
    );
    expect(good).toMatchObject({ leftOut: ['realmRoles'], user: { locale: 'pt-BR' } });
    expect(bad?.leftOut).toEqual(['realmRoles', 'attributes.locale', 'attributes.phone']);
  });

  it.each([
    // RFC 6238 has this secret in its vectors, and this is its base32.
    ['a text, as Keycloak makes them', '12345678901234567890', {}],
    ['base32', seed, { secretEncoding: 'BASE32' }],
  ])('has the seed of a secret that is %s', async (_name, secret, data) => {
    expect(await one([password, keycloakOtp(secret, data)])).toMatchObject({
      leftOut: ['realmRoles'],
      user: { totp_secret: seed },
    });
  });

  it.each([
    ['other codes', keycloakOtp(seed, { digits: 8 })],
    ['another digest', keycloakOtp(seed, { algorithm: 'HmacSHA256' })],
    ['a counter', keycloakOtp(seed, { subType: 'hotp' })],
  ])('has a second factor of %s told', async (_name, otp) => {
    const row = await one([password, otp]);
    expect(row).toMatchObject({ leftOut: ['realmRoles', 'credentials of type otp'] });
    expect(row).not.toHaveProperty('user.totp_secret', expect.anything());
  });

  it('who is a client, and one without an address, are told', async () => {
    const client = keycloakUser([], { email: undefined, serviceAccountClientId: 'account' });
    expect(await read(client, keycloakUser([], { email: '' }))).toMatchObject([
      { line: 1, faults: ['is the account of a client, and no person', 'has no e-mail address'] },
      { line: 2, faults: ['has no e-mail address'] },
    ]);
  });
});
