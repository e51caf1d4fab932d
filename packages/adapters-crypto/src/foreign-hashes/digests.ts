import { hash } from 'node:crypto';
import { type Format, fromBase64, type Reading, toBase64 } from './reading.ts';

/** Octets of a digest. */
const lengths = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };
type Algorithm = keyof typeof lengths;

const MAX_SALT = 256;

/** As Rekey keeps a digest: none of the other notations has room for all that may be said of one. */
const TEXT =
  /^\$digest\$(?<algorithm>md5|sha1|sha256|sha512),(?<position>prefix|suffix)\$(?<salt>[A-Za-z0-9+/]{0,344})\$(?<output>[A-Za-z0-9+/]{22,86})$/;
const LDAP =
  /^\{(?<salted>S?)(?<name>MD5|SHA|SHA256|SHA512)\}(?<octets>[A-Za-z0-9+/]{1,430}={0,2})$/i;

export const readDigest: Format = (text) => {
  const { algorithm, position, salt, output } = TEXT.exec(text)?.groups ?? {};
  return digestReading(
    algorithm as Algorithm | undefined,
    position === 'prefix' ? 'prefix' : 'suffix',
    fromBase64(salt ?? ''),
    fromBase64(output ?? ''),
  );
};

/** LDAP's: `{SSHA}` is SHA-1 of the password and a salt, which is kept behind the digest; `{SHA}` has none. */
export const readLdapDigest: Format = (text) => {
  const { salted, name, octets } = LDAP.exec(text)?.groups ?? {};
  const algorithm = name?.toLowerCase().replace(/^sha$/, 'sha1') as Algorithm | undefined;
  const bytes = fromBase64(octets ?? '');
  if (algorithm === undefined || bytes === null) return null;
  const length = lengths[algorithm];
  if (salted === '' && bytes.length > length) return null;
  return digestReading(algorithm, 'suffix', bytes.subarray(length), bytes.subarray(0, length));
};

/** A bare digest in hex, of the password with the salt on one side of it. */
export function readHex(
  algorithm: Algorithm,
  text: string,
  salt: string,
  position: 'prefix' | 'suffix',
): Reading | null {
  if (!/^(?:[0-9a-f]{2}){16,64}$/i.test(text)) return null;
  return digestReading(algorithm, position, Buffer.from(salt), Buffer.from(text, 'hex'));
}

function digestReading(
  algorithm: Algorithm | undefined,
  position: 'prefix' | 'suffix',
  salt: Uint8Array | null,
  digest: Uint8Array | null,
): Reading | null {
  if (algorithm === undefined || salt === null || salt.length > MAX_SALT) return null;
  if (digest?.length !== lengths[algorithm]) return null;
  const output = toBase64(digest);
  return {
    text: `$digest$${algorithm},${position}$${toBase64(salt)}$${output}`,
    output,
    kind: 'cheap',
    // Microseconds.
    bcryptRounds: 0,
    run: async (password) => {
      const key = Buffer.from(password);
      const parts = position === 'prefix' ? [salt, key] : [key, salt];
      return toBase64(hash(algorithm, Buffer.concat(parts), 'buffer'));
    },
  };
}
