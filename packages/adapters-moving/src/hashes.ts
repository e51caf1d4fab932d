import type { UserRow } from '@rekey/usecases';

/** What the row of a user says of the hash of the password. */
export type Password = Pick<
  UserRow,
  'password_hash' | 'password_hash_format' | 'password_salt' | 'password_salt_position'
>;

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;
const HEX = /^(?:[\da-f]{2})*$/i;

/** The octets of a text in base64, of either alphabet, or null. */
export function fromBase64(value: unknown): Buffer | null {
  const text = typeof value === 'string' ? value.replaceAll('-', '+').replaceAll('_', '/') : null;
  return text !== null && BASE64.test(text) ? Buffer.from(text, 'base64') : null;
}

/** The octets of a text in hex, or null. */
export const fromHex = (value: unknown): Buffer | null =>
  typeof value === 'string' && HEX.test(value) ? Buffer.from(value, 'hex') : null;

const toBase64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');

type Salted = { readonly salt: Uint8Array; readonly hash: Uint8Array };

/** The PHC string of scrypt. `ln`: N of RFC 7914 or its logarithm. */
export const scryptHash = (ln: number, r: number, p: number, { salt, hash }: Salted): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${toBase64(salt)}$${toBase64(hash)}`;

/** What all hashes of a project of Firebase share. */
export type FirebaseConfig = {
  readonly signerKey: Uint8Array;
  readonly saltSeparator: Uint8Array;
  readonly rounds: number;
  readonly memCost: number;
};

/** A hash of Firebase with all that it needs. */
export function firebaseHash(
  { signerKey, saltSeparator, rounds, memCost }: FirebaseConfig,
  { salt, hash }: Salted,
): string {
  const parts = [salt, hash, saltSeparator, signerKey].map(toBase64);
  return `$firescrypt$ln=${memCost},r=${rounds},p=1$${parts.join('$')}`;
}

/** Octets of each digest, and the scheme of LDAP for it with a salt behind the password. */
const DIGESTS: Readonly<Record<string, readonly [bytes: number, ldap: string]>> = {
  md5: [16, 'SMD5'],
  sha1: [20, 'SSHA'],
  sha256: [32, 'SSHA256'],
  sha512: [64, 'SSHA512'],
};

export type Salt = { readonly octets: Buffer; readonly position: 'prefix' | 'suffix' };

/**
 * The digest of a password and maybe a salt, hashed once. Null where there is no way to say it: LDAP's schemes have the salt
 * behind the password, and one that stands in front has to be text, and not with SHA-1.
 */
export function digestOf(
  algorithm: string,
  digest: Buffer | null,
  { octets, position }: Salt = { octets: Buffer.alloc(0), position: 'suffix' },
): Password | null {
  const [bytes, scheme] = Object.hasOwn(DIGESTS, algorithm) ? (DIGESTS[algorithm] ?? []) : [];
  if (digest === null || digest.length !== bytes) return null;
  if (position === 'suffix') {
    return { password_hash: `{${scheme}}${toBase64(Buffer.concat([digest, octets]))}` };
  }
  const salt = octets.toString();
  if (algorithm === 'sha1' || !Buffer.from(salt).equals(octets)) return null;
  return {
    password_hash: digest.toString('hex'),
    password_hash_format: `${algorithm}-hex`,
    password_salt: salt,
    password_salt_position: 'prefix',
  };
}
