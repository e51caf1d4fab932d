import type { Source } from '@rekey/usecases';
import { entriesOf } from '../documents.ts';
import {
  allWithin,
  type Fields,
  type Found,
  idOf,
  isFields,
  joined,
  leftOf,
  seedOfUrl,
  textOf,
  timeOf,
  usersOf,
  within,
} from '../fields.ts';
import { digestOf, fromBase64, type Password } from '../hashes.ts';

const READ = new Set([
  ...['id', 'credentials', 'traits', 'verifiable_addresses', 'recovery_addresses', 'state'],
  ...['schema_id', 'schema_url', 'state_changed_at', 'created_at', 'updated_at'],
]);
const TRAITS = new Set(['email', 'name']);

/** Identities of Ory Kratos, as its admin API lists them with their credentials: pages one after another, or one by one. */
export const kratos: Source = {
  description: 'Ory Kratos: pages of its admin API, with include_credential=password and =totp',
  read: (octets) => usersOf(entriesOf(octets, ['[]', '']), userOf),
};

function userOf(identity: Fields): Found {
  const traits = within(identity.traits);
  const credentials = within(identity.credentials);
  const { email, isVerified, hasOthers } = addressOf(identity, traits, credentials);
  const password = passwordOf(within(credentials.password));
  const totp = isFields(credentials.totp);
  const seed = seedOfUrl(configOf(credentials.totp).totp_url);
  const name = isFields(traits.name) ? joined(traits.name.first, traits.name.last) : traits.name;
  return {
    user: {
      ...idOf('kratos', identity.id),
      name,
      email,
      email_valid: isVerified,
      is_enabled: identity.state !== 'inactive',
      ...password.hash,
      totp_secret: seed,
      created_at: timeOf(identity.created_at),
    },
    left: [
      ...leftOf(identity, READ),
      ...leftOf(traits, TRAITS, 'traits.'),
      ...Object.keys(credentials)
        .filter((type) => type !== 'password' && type !== 'totp')
        .map((type) => `credentials.${type}`),
      ...password.left,
      ...(totp && seed === undefined ? ['credentials.totp'] : []),
      ...(hasOthers ? ['verifiable_addresses'] : []),
    ],
    faults: password.faults,
  };
}

/** Kratos has no first among addresses: the trait `email` is it, then one that was verified, then any. */
function addressOf(identity: Fields, traits: Fields, credentials: Fields) {
  const addresses = allWithin(identity.verifiable_addresses).filter(({ via }) => via === 'email');
  const names = within(credentials.password).identifiers;
  const verified = addresses.find((address) => address.verified === true);
  const email = textOf(
    traits.email,
    verified?.value,
    addresses[0]?.value,
    ...(Array.isArray(names) ? names.filter((name) => String(name).includes('@')) : []),
    ...allWithin(identity.recovery_addresses).map(({ via, value }) =>
      via === 'email' ? value : '',
    ),
  );
  const isSame = ({ value }: Fields) => textOf(value)?.toLowerCase() === email?.toLowerCase();
  return {
    email,
    isVerified: addresses.some((address) => isSame(address) && address.verified === true),
    hasOthers: !addresses.every(isSame),
  };
}

const configOf = (credential: unknown): Fields => within(within(credential).config);

type Read = {
  readonly hash?: Password;
  readonly left: readonly string[];
  readonly faults: readonly string[];
};

function passwordOf(credential: Fields): Read {
  const { hashed_password: hashed, use_password_migration_hook: isElsewhere } =
    configOf(credential);
  const text = textOf(hashed);
  if (text === undefined) {
    // An identity whose last password was removed has an empty credential, and so has one that was listed without it.
    const isMissing = Object.keys(credential).length > 0 && isElsewhere !== true;
    return { left: isMissing ? ['credentials.password'] : [], faults: [] };
  }
  const hash = hashOf(text);
  if (hash) return { hash, left: [], faults: [] };
  return { left: [], faults: ['has a password hash that cannot be used here'] };
}

/** A hash as other systems write it. Digests have a beginning of their own: `$sha256$pf=FORMAT$SALT$HASH`, in base64. */
function hashOf(text: string): Password | null {
  const [, algorithm, ...rest] =
    /^\$(md5|sha1|sha256|sha512)\$(?:pf=([^$]*)\$([^$]*)\$)?([^$]*)$/.exec(text) ?? [];
  if (algorithm === undefined) return { password_hash: text };
  const [format, salt, hash] = rest.map((part) => (part === undefined ? null : fromBase64(part)));
  if (!format || !salt) return digestOf(algorithm, hash ?? null);
  const order = format.toString();
  if (order === '{SALT}{PASSWORD}') {
    return digestOf(algorithm, hash ?? null, { octets: salt, position: 'prefix' });
  }
  if (order === '{PASSWORD}{SALT}') {
    return digestOf(algorithm, hash ?? null, { octets: salt, position: 'suffix' });
  }
  return null;
}
