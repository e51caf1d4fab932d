import type { Source } from '@rekey/usecases';
import { toBase32 } from '../base32.ts';
import { entriesOf } from '../documents.ts';
import {
  allWithin,
  type Fields,
  type Found,
  flagOf,
  hasOtherName,
  idOf,
  isFields,
  joined,
  leftOf,
  localeOf,
  seedOf,
  textOf,
  timeOf,
  usersOf,
  within,
} from '../fields.ts';

const READ = new Set([
  ...['id', 'username', 'email', 'emailVerified', 'firstName', 'lastName', 'enabled'],
  ...['createdTimestamp', 'credentials', 'requiredActions', 'attributes', 'totp', 'notBefore'],
  ...['disableableCredentialTypes', 'access', 'serviceAccountClientId'],
]);

/** Actions that Rekey asks for by itself. */
const ACTIONS = new Set(['UPDATE_PASSWORD', 'VERIFY_EMAIL']);

/** Users of Keycloak, as `kc.sh export` writes a realm or the files of its users. */
export const keycloak: Source = {
  description: 'Keycloak: the files of kc.sh export, of a realm or of its users',
  read: (octets) => usersOf(entriesOf(octets, ['users[]', '[].users[]']), userOf),
};

function userOf(fields: Fields): Found {
  const { email, username } = fields;
  const credentials = allWithin(fields.credentials);
  const actions: unknown[] = Array.isArray(fields.requiredActions) ? fields.requiredActions : [];
  const attributes = within(fields.attributes);
  const locale = localeOf([attributes.locale].flat()[0]);
  const password = credentials.find(({ type }) => type === 'password');
  const seeds = credentials.map(seedOfCredential);
  const seed = seeds.find((each) => each !== undefined);
  const isLeft = ({ type }: Fields, index: number) =>
    type !== 'password' && (seeds[index] === undefined || seeds[index] !== seed);
  return {
    user: {
      ...idOf('keycloak', fields.id),
      name: textOf(joined(fields.firstName, fields.lastName), username),
      email,
      email_valid: flagOf(fields.emailVerified),
      locale,
      is_enabled: flagOf(fields.enabled),
      ...(isFields(password) && hashOf(password)),
      password_require_update: actions.includes('UPDATE_PASSWORD') && password !== undefined,
      totp_secret: seed,
      created_at: timeOf(fields.createdTimestamp),
    },
    left: [
      ...leftOf(fields, READ),
      ...leftOf(attributes, new Set(locale === undefined ? [] : ['locale']), 'attributes.'),
      ...credentials.filter(isLeft).map(({ type }) => `credentials of type ${type}`),
      ...actions.filter((action) => !ACTIONS.has(String(action))).map(() => 'requiredActions'),
      ...(hasOtherName(username, email) ? ['username'] : []),
    ],
    faults:
      textOf(fields.serviceAccountClientId) === undefined
        ? []
        : ['is the account of a client, and no person'],
  };
}

/** Both halves of a credential are JSON once more, in texts. */
function hashOf({ credentialData, secretData }: Fields) {
  return {
    password_hash: JSON.stringify({ credentialData, secretData }),
    password_hash_format: 'keycloak',
  };
}

/** The seed of a credential with the codes that Rekey has. Without an encoding it is the secret that is a text. */
function seedOfCredential({ type, credentialData, secretData }: Fields): string | undefined {
  const { subType, digits, period, algorithm, secretEncoding } = parsed(credentialData);
  const secret = textOf(parsed(secretData).value);
  const isUsual =
    type === 'otp' &&
    subType === 'totp' &&
    digits === 6 &&
    period === 30 &&
    algorithm === 'HmacSHA1';
  if (!isUsual || secret === undefined) return undefined;
  return textOf(secretEncoding) === undefined ? toBase32(Buffer.from(secret)) : seedOf(secret);
}

function parsed(value: unknown): Fields {
  try {
    return within(typeof value === 'string' ? JSON.parse(value) : value);
  } catch {
    return {};
  }
}
