import type { Source, SourceOptions, SourceRow } from '@rekey/usecases';
import { entriesOf } from '../documents.ts';
import {
  allWithin,
  type Fields,
  type Found,
  flagOf,
  idOf,
  isFields,
  leftOf,
  textOf,
  timeOf,
  usersOf,
} from '../fields.ts';
import { type FirebaseConfig, firebaseHash, fromBase64 } from '../hashes.ts';
import { beginningOf } from '../peek.ts';
import { recordsOf } from '../tables.ts';

const READ = new Set([
  ...['localId', 'email', 'emailVerified', 'passwordHash', 'salt', 'displayName', 'disabled'],
  ...['createdAt', 'lastSignedInAt', 'lastLoginAt', 'providerUserInfo'],
]);

/** Accounts of Firebase Authentication, as `firebase auth:export` writes them into JSON or CSV. */
export const firebase: Source = {
  description:
    'Firebase: auth:export in JSON or CSV, with --hash-config of the parameters of its hashes',
  async *read(octets, options): AsyncGenerator<SourceRow> {
    const { first, all } = await beginningOf(octets);
    const config = configOf(options);
    const entries = first === '{' ? entriesOf(all, ['users[]']) : accountsIn(all);
    yield* usersOf(entries, (fields) => userOf(fields, config));
  },
};

/** The columns of the CSV, which has no header. Those in between and after are of providers. */
const COLUMNS: Readonly<Record<string, number>> = {
  localId: 0,
  email: 1,
  emailVerified: 2,
  passwordHash: 3,
  salt: 4,
  displayName: 5,
  photoUrl: 6,
  createdAt: 23,
  lastSignedInAt: 24,
  phoneNumber: 25,
  disabled: 26,
  customAttributes: 27,
};
/** Of those that every export has. */
const LAST_COLUMN = 26;
const PROVIDERS: Readonly<Record<number, string>> = {
  7: 'google.com',
  11: 'facebook.com',
  15: 'twitter.com',
  19: 'github.com',
  28: 'apple.com',
  32: 'microsoft.com',
  36: 'gc.apple.com',
  40: 'playgames.google.com',
  44: 'linkedin.com',
  48: 'yahoo.com',
};

async function* accountsIn(octets: AsyncIterable<Uint8Array>) {
  for await (const { line, cells } of recordsOf(octets)) {
    if (cells.length <= LAST_COLUMN) {
      throw new Error(`The input is not such an export: its record ${line} is too short.`);
    }
    const named = Object.entries(COLUMNS).map(([name, column]) => [name, cells[column] ?? '']);
    const providerUserInfo = Object.entries(PROVIDERS)
      .filter(([column]) => cells[Number(column)])
      .map(([, providerId]) => ({ providerId }));
    yield { line, value: { ...Object.fromEntries(named), providerUserInfo } };
  }
}

function userOf(fields: Fields, config: FirebaseConfig | null): Found {
  const { passwordHash, salt: saltText } = fields;
  const hasPassword = textOf(passwordHash) !== undefined;
  const [hash, salt] = [fromBase64(passwordHash), fromBase64(saltText ?? '')];
  const isWhole = hash !== null && salt !== null;
  if (hasPassword && config === null) {
    throw new Error(
      'The export has passwords: --hash-config has to name the parameters of their hashes.',
    );
  }
  const providers = allWithin(fields.providerUserInfo).map(({ providerId }) => providerId);
  return {
    user: {
      ...idOf('firebase', fields.localId),
      name: fields.displayName,
      email: fields.email,
      email_valid: flagOf(fields.emailVerified),
      is_enabled: flagOf(fields.disabled) !== true,
      ...(hasPassword &&
        isWhole &&
        config && { password_hash: firebaseHash(config, { salt, hash }) }),
      created_at: timeOf(fields.createdAt),
      last_login_at: timeOf(fields.lastSignedInAt),
    },
    left: [
      ...leftOf(fields, READ),
      ...providers.filter((id) => id !== 'password').map((id) => `provider ${id}`),
    ],
    faults: hasPassword && !isWhole ? ['has a password hash or salt that is not base64'] : [],
  };
}

/** `rounds` is the block size of scrypt, and `mem_cost` the logarithm of its N. */
const MAX = { rounds: 64, mem_cost: 20 };

/** The parameters as the console of Firebase shows them, in JSON. Throws with all that is wrong with them. */
function configOf({ hashConfig }: SourceOptions): FirebaseConfig | null {
  if (hashConfig === undefined) return null;
  const given = isFields(hashConfig) ? hashConfig : {};
  const signerKey = fromBase64(given.base64_signer_key);
  const saltSeparator = fromBase64(given.base64_salt_separator ?? '');
  const isCount = (name: keyof typeof MAX) =>
    Number.isSafeInteger(given[name]) &&
    Number(given[name]) >= 1 &&
    Number(given[name]) <= MAX[name];
  const faults = [
    ...(textOf(given.algorithm)?.toUpperCase() === 'SCRYPT' ? [] : ['algorithm has to be SCRYPT']),
    ...(signerKey !== null && signerKey.length > 0 ? [] : ['base64_signer_key has to be base64']),
    ...(saltSeparator !== null ? [] : ['base64_salt_separator has to be base64']),
    ...(isCount('rounds') ? [] : [`rounds has to be 1 to ${MAX.rounds}`]),
    ...(isCount('mem_cost') ? [] : [`mem_cost has to be 1 to ${MAX.mem_cost}`]),
  ];
  if (faults.length > 0 || signerKey === null || saltSeparator === null) {
    throw new Error(`--hash-config is not that of Firebase: ${faults.join('; ')}.`);
  }
  return {
    signerKey,
    saltSeparator,
    rounds: Number(given.rounds),
    memCost: Number(given.mem_cost),
  };
}
