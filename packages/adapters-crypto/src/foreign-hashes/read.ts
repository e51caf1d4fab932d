import { IllegalArgument, type Violation, type ViolationCode } from '@rekey/domain';
import type { ForeignHash } from '@rekey/usecases';
import { readArgon2 } from './argon2.ts';
import { readBcrypt } from './bcrypt.ts';
import { readMd5Crypt, readPhpass, readShaCrypt } from './crypts.ts';
import { readDigest, readHex, readLdapDigest } from './digests.ts';
import { readLibreauth } from './libreauth.ts';
import { readDjango, readKeycloak, readPbkdf2 } from './pbkdf2.ts';
import { type Format, type Reading, refusal } from './reading.ts';
import { readBetterAuth, readFirebase, readScrypt } from './scrypt.ts';

/** Longer than any hash: the length is looked at first. */
const MAX_LENGTH = 4096;

/** The formats of which a text is kept; every other notation of a hash is read into one of these. */
const kept: readonly Format[] = [
  readBcrypt,
  readArgon2,
  readLibreauth,
  readScrypt,
  readFirebase,
  readBetterAuth,
  readPbkdf2,
  readShaCrypt,
  readMd5Crypt,
  readPhpass,
  readDigest,
];

/** A way to write hashes of a format down, with how its texts begin. */
type Notation = { readonly begins: RegExp; readonly read: Format };

const begins = (begin: RegExp, read: Format): Notation => ({ begins: begin, read });

const crypts: Readonly<Record<string, Notation>> = {
  bcrypt: begins(/^\$2/, readBcrypt),
  'sha-crypt': begins(/^\$(?:[56]|sha(?:256|512)-crypt)\$/, (text) =>
    readShaCrypt(text.replace(/^\$sha256-crypt/, '$5').replace(/^\$sha512-crypt/, '$6')),
  ),
  'md5-crypt': begins(/^\$(?:1|apr1|md5-crypt)\$/, (text) =>
    readMd5Crypt(text.replace(/^\$md5-crypt/, '$1')),
  ),
};

/** The formats that a hash tells by how it begins. */
const told: Readonly<Record<string, Notation>> = {
  ...crypts,
  libreauth: begins(/^\$argon2\$/, readLibreauth),
  argon2: begins(/^\$argon2/, readArgon2),
  scrypt: begins(/^\$scrypt\$/, readScrypt),
  firebase: begins(/^\$firescrypt\$/, readFirebase),
  pbkdf2: begins(/^\$pbkdf2/, readPbkdf2),
  django: begins(/^pbkdf2_/, readDjango),
  keycloak: begins(/^\s*\{\s*"/, readKeycloak),
  phpass: begins(/^\$[PH]\$/, readPhpass),
  ldap: begins(/^\{[A-Z\d]+\}/i, readLdap),
  'better-auth': begins(/^[0-9a-f]{32}:/, readBetterAuth),
};

/** The formats that have to be named. */
const hex = { 'sha256-hex': 'sha256', 'sha512-hex': 'sha512', 'md5-hex': 'md5' } as const;
const isHex = (format: string): format is keyof typeof hex => Object.hasOwn(hex, format);

/** All names of formats, for people. */
export const formatNames: readonly string[] = [...Object.keys(told), ...Object.keys(hex)].sort();

function readLdap(text: string): Reading | null {
  const [, crypt] = /^\{CRYPT\}(.*)$/i.exec(text) ?? [];
  if (crypt === undefined) return readLdapDigest(text);
  return (
    Object.values(crypts)
      .find((each) => each.begins.test(crypt))
      ?.read(crypt) ?? null
  );
}

/** Reads what an export has. Throws `IllegalArgument` that tells all that is wrong. */
export function readForeignHash({ hash, format, salt, saltPosition }: ForeignHash): Reading {
  const name = format ?? toldBy(hash);
  const violations: Violation[] = [];
  const refuse = (field: string, message: string, code: ViolationCode) =>
    violations.push({ field, message, code });

  if (name === undefined) {
    refuse('passwordHash', 'must begin with its format, or have one that is named', 'malformed');
  } else if (!isHex(name) && !Object.hasOwn(told, name)) {
    refuse('passwordHashFormat', `must be one of ${formatNames.join(', ')}`, 'malformed');
  } else if (!isHex(name) && (salt !== undefined || saltPosition !== undefined)) {
    refuse('passwordSalt', 'goes with a digest in hex alone', 'not_allowed');
  }
  if (salt !== undefined && saltPosition === undefined) {
    refuse('passwordSaltPosition', 'must be prefix or suffix', 'required');
  }
  if (violations.length > 0 || name === undefined) throw new IllegalArgument(violations);

  const isRead = hash.length <= MAX_LENGTH && (salt ?? '').length <= MAX_LENGTH;
  const reading = isRead ? readAs(name, hash, salt, saltPosition) : null;
  if (reading === null) throw refusal(`must be a whole hash of the format ${name}`, 'malformed');
  return reading;
}

const readAs = (
  name: string,
  hash: string,
  salt = '',
  position: 'prefix' | 'suffix' = 'suffix',
): Reading | null =>
  isHex(name) ? readHex(hex[name], hash, salt, position) : (told[name]?.read(hash) ?? null);

const toldBy = (hash: string): string | undefined =>
  hash.length > MAX_LENGTH
    ? undefined
    : Object.keys(told).find((name) => told[name]?.begins.test(hash));

/** Reads a text that was kept; null for one that never was. */
export function readKept(text: string): Reading | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    for (const read of kept) {
      const reading = read(text);
      if (reading !== null) return reading;
    }
  } catch {
    // It costs too much: no import would have kept it.
  }
  return null;
}
