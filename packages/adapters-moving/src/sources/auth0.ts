import type { Source } from '@rekey/usecases';
import { entriesOf } from '../documents.ts';
import {
  allWithin,
  type Fields,
  type Found,
  flagOf,
  idOf,
  isFields,
  joined,
  leftOf,
  seedOf,
  textOf,
  timeOf,
  usersOf,
  within,
} from '../fields.ts';
import { digestOf, fromBase64, fromHex, type Password, scryptHash } from '../hashes.ts';
import type { Line } from '../lines.ts';

const READ = new Set([
  ...['user_id', 'email', 'email_verified', 'name', 'given_name', 'family_name', 'nickname'],
  ...['username', 'blocked', 'created_at', 'updated_at', 'last_login', 'last_ip', 'logins_count'],
  ...['identities', 'password_hash', 'custom_password_hash', 'mfa_factors', 'last_password_reset'],
  // Of the export of hashes.
  ...['_id', '_ID', 'alt_id', 'identifiers', 'passwordHash', 'password_set_date', 'tenant'],
  ...['connection', '_tmp_is_unique'],
]);

/**
 * Users of Auth0: the export of profiles, that of password hashes, and the form of its own imports. Both exports together are
 * read where they are sorted by the ids of users, `{"id": …, "entry": …}` each, as docs/moving.md has it.
 */
export const auth0: Source = {
  description: 'Auth0: the exports of users and of password hashes, sorted together',
  read: (octets) => usersOf(oneEach(entriesOf(octets, ['[]', ''])), userOf),
};

/** Puts entries of the same user together that follow upon each other. */
async function* oneEach(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  let last: { readonly line: number; readonly id: string; readonly value: Fields } | null = null;
  for await (const read of lines) {
    const { id, entry } = within('value' in read ? read.value : null);
    const next =
      typeof id === 'string' && isFields(entry) ? { line: read.line, id, value: entry } : null;
    if (next && last?.id === next.id) {
      last = { ...next, value: merged(last.value, next.value) };
      continue;
    }
    if (last) yield last;
    last = next;
    if (!next) yield read;
  }
  if (last) yield last;
}

/** The profile says more than the hash does, and comes before or after it. */
const merged = (one: Fields, other: Fields): Fields =>
  'user_id' in one ? { ...other, ...one } : { ...one, ...other };

function userOf(fields: Fields): Found {
  const identifier = allWithin(fields.identifiers).find(({ type }) => type === 'email') ?? {};
  const { password, faults } = passwordOf(fields);
  const factors = allWithin(fields.mfa_factors);
  const seed = factors
    .map(({ totp }) => seedOf(within(totp).secret))
    .find((each) => each !== undefined);
  const others = allWithin(fields.identities).filter(({ provider }) => provider !== 'auth0');
  const username = textOf(fields.username);
  return {
    user: {
      ...idOf('auth0', userIdOf(fields)),
      name: textOf(
        fields.name,
        joined(fields.given_name, fields.family_name),
        fields.nickname,
        username,
      ),
      email: textOf(fields.email, identifier.value),
      email_valid: flagOf(fields.email_verified) ?? flagOf(identifier.verified),
      is_enabled: flagOf(fields.blocked) !== true,
      ...password,
      totp_secret: seed,
      created_at: timeOf(fields.created_at),
      last_login_at: timeOf(fields.last_login),
    },
    left: [
      ...leftOf(fields, READ),
      ...others.map(({ provider }) => `identities of ${provider}`),
      ...(factors.some(({ totp }) => totp === undefined) ||
      (factors.length > 0 && seed === undefined)
        ? ['mfa_factors']
        : []),
      ...(username === undefined ? [] : ['username']),
    ],
    faults,
  };
}

/** The export of hashes has the id without the strategy, and another one where it came from elsewhere. */
function userIdOf({ user_id: whole, alt_id: other, _id, _ID }: Fields): unknown {
  if (whole !== undefined) return whole;
  const id = textOf(other, within(_id).$oid, within(_ID).$oid);
  return id === undefined ? undefined : `auth0|${id}`;
}

type Read = { readonly password?: Password; readonly faults: readonly string[] };

function passwordOf({
  passwordHash,
  password_hash: hash,
  custom_password_hash: custom,
}: Fields): Read {
  const text = textOf(passwordHash, hash);
  if (text !== undefined) return { password: { password_hash: text }, faults: [] };
  if (!isFields(custom)) return { faults: [] };
  const password = customOf(custom);
  return password
    ? { password, faults: [] }
    : { faults: ['has a password hash that cannot be used here'] };
}

const octetsOf = (value: unknown, encoding: unknown): Buffer | null => {
  if (encoding === 'hex') return fromHex(value);
  if (encoding === 'base64') return fromBase64(value);
  return typeof value === 'string' ? Buffer.from(value) : null;
};

/** Formats that are told by how they begin. */
const WHOLE = new Set(['argon2', 'bcrypt', 'ldap', 'pbkdf2']);

function customOf(custom: Fields): Password | null {
  const { algorithm, cost, blockSize, parallelization } = custom;
  const { value, encoding } = within(custom.hash);
  const { value: saltText, encoding: saltEncoding, position } = within(custom.salt);
  const isUtf8 = ['utf8', 'ascii'].includes(textOf(within(custom.password).encoding) ?? 'utf8');
  const text = textOf(value);
  if (text === undefined || typeof algorithm !== 'string' || !isUtf8) return null;
  if (WHOLE.has(algorithm)) return { password_hash: text };
  const hash = octetsOf(text, encoding);
  if (saltText === undefined) return algorithm === 'scrypt' ? null : digestOf(algorithm, hash);
  const salt = octetsOf(saltText, saltEncoding);
  if (hash === null || salt === null) return null;
  if (algorithm === 'scrypt') {
    const costs = [cost, blockSize, parallelization].map(Number);
    const [ln = 0, r = 0, p = 0] = costs;
    return costs.every(Number.isSafeInteger)
      ? { password_hash: scryptHash(ln, r, p, { salt, hash }) }
      : null;
  }
  if (position !== 'prefix' && position !== 'suffix') return null;
  return digestOf(algorithm, hash, { octets: salt, position });
}
