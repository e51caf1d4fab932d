/**
 * People in the words of other systems, as these export them: each function makes one entry, with what a test gives it over
 * what most people have.
 */
type Given = Readonly<Record<string, unknown>>;

const id = '5f86c319-0000-4000-8000-000000000001';
const email = 'ada@example.com';
/** That of RFC 6238, in base32. */
export const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

export const kratosIdentity = (hash: string | null, given: Given = {}, secret = seed) => ({
  id,
  credentials: {
    password: {
      type: 'password',
      identifiers: [email],
      config: hash === null ? {} : { hashed_password: hash },
      version: 0,
    },
    totp: {
      type: 'totp',
      identifiers: [id],
      config: {
        totp_url: `otpauth://totp/Ory:${email}?algorithm=SHA1&digits=6&issuer=Ory&period=30&secret=${secret}`,
      },
      version: 0,
    },
  },
  schema_id: 'default',
  schema_url: 'http://kratos.example/schemas/ZGVmYXVsdA',
  state: 'active',
  traits: { email, name: { first: 'Ada', last: 'Lovelace' } },
  verifiable_addresses: [{ id, value: email, verified: true, via: 'email', status: 'completed' }],
  recovery_addresses: [{ id, value: email, via: 'email' }],
  metadata_public: null,
  created_at: '2024-05-01T10:00:00Z',
  updated_at: '2024-05-01T10:00:00Z',
  ...given,
});

export const keycloakUser = (credentials: readonly unknown[], given: Given = {}) => ({
  id,
  username: email,
  firstName: 'Ada',
  lastName: 'Lovelace',
  email,
  emailVerified: true,
  createdTimestamp: 1_714_557_600_000,
  enabled: true,
  totp: false,
  credentials,
  disableableCredentialTypes: [],
  requiredActions: [],
  realmRoles: ['default-roles-example'],
  notBefore: 0,
  groups: [],
  ...given,
});

export const keycloakPbkdf2 = (salt: Buffer, hash: Buffer, hashIterations: number) => ({
  id,
  type: 'password',
  userLabel: 'My password',
  createdDate: 1_714_557_600_000,
  secretData: JSON.stringify({
    value: hash.toString('base64'),
    salt: salt.toString('base64'),
    additionalParameters: {},
  }),
  credentialData: JSON.stringify({
    hashIterations,
    algorithm: 'pbkdf2-sha512',
    additionalParameters: {},
  }),
});

export const keycloakOtp = (value: string, data: Given = {}) => ({
  id,
  type: 'otp',
  userLabel: 'phone',
  createdDate: 1_714_557_600_000,
  secretData: JSON.stringify({ value }),
  credentialData: JSON.stringify({
    subType: 'totp',
    digits: 6,
    counter: 0,
    period: 30,
    algorithm: 'HmacSHA1',
    ...data,
  }),
});

/** A realm has much more than users, before and after them. */
export const keycloakRealm = (...users: readonly unknown[]) => ({
  id: 'example',
  realm: 'example',
  roles: { realm: [{ name: 'user', composite: false, attributes: {} }], client: { account: [] } },
  requiredCredentials: ['password'],
  users,
  clients: [{ clientId: 'account', redirectUris: ['/realms/example/account/*'] }],
});

export const auth0Profile = (given: Given = {}) => ({
  user_id: 'auth0|60425dc43519d90068f82973',
  email,
  email_verified: true,
  name: 'Ada Lovelace',
  nickname: 'ada',
  created_at: '2024-05-01T10:00:00.000Z',
  updated_at: '2024-05-01T10:00:00.000Z',
  identities: [
    {
      user_id: '60425dc43519d90068f82973',
      provider: 'auth0',
      connection: 'Username-Password-Authentication',
      isSocial: false,
    },
  ],
  ...given,
});

export const auth0Hash = (passwordHash: string, given: Given = {}) => ({
  _id: { $oid: '60425dc43519d90068f82973' },
  email_verified: true,
  email,
  passwordHash,
  password_set_date: { $date: '2024-05-01T10:00:00.000Z' },
  tenant: 'example',
  connection: 'Username-Password-Authentication',
  _tmp_is_unique: true,
  identifiers: [{ type: 'email', value: email, verified: true }],
  ...given,
});

export const firebaseAccount = (password: Given = {}, given: Given = {}) => ({
  localId: 'l0cal1dOfAda0000000000000001',
  email,
  emailVerified: true,
  displayName: 'Ada Lovelace',
  lastSignedInAt: '1714557600000',
  createdAt: '1714557600000',
  providerUserInfo: [],
  ...password,
  ...given,
});

/** The same account as a row of the table, in which each line ends with a comma. */
export function firebaseRow(account: Given): string {
  const cells = Array.from({ length: 52 }, () => '');
  const columns = ['localId', 'email', 'emailVerified', 'passwordHash', 'salt', 'displayName'];
  for (const [column, name] of columns.entries()) cells[column] = String(account[name] ?? '');
  cells[23] = String(account.createdAt ?? '');
  cells[24] = String(account.lastSignedInAt ?? '');
  cells[26] = String(account.disabled ?? '');
  return `${cells.join(',')},\n`;
}

export const supabaseUser = (hash: string | null, given: Given = {}) => ({
  id,
  email,
  encrypted_password: hash,
  email_confirmed_at: '2024-05-01T10:00:00.123456+00:00',
  phone: null,
  banned_until: null,
  deleted_at: null,
  is_anonymous: false,
  is_sso_user: false,
  raw_user_meta_data: { full_name: 'Ada Lovelace', sub: id, email, email_verified: true },
  created_at: '2024-05-01T10:00:00+00:00',
  last_sign_in_at: null,
  factors: [{ factor_type: 'totp', status: 'verified', secret: seed }],
  ...given,
});

export const zitadelUser = (hash: string | null, given: Given = {}) => ({
  userId: '104133391271651848',
  user: {
    userName: email,
    profile: {
      firstName: 'Ada',
      lastName: 'Lovelace',
      displayName: 'Ada Lovelace',
      preferredLanguage: 'en',
      gender: 'GENDER_UNSPECIFIED',
    },
    email: { email, isEmailVerified: true },
    ...(hash !== null && { hashedPassword: { value: hash } }),
    otpCode: seed,
    ...given,
  },
});

export const zitadelExport = (...humanUsers: readonly unknown[]) => ({
  orgs: [
    { orgId: '1', org: { name: 'ACME' }, humanUsers: [], machineUsers: [{ userId: '3' }] },
    { orgId: '2', org: { name: 'Example' }, domainPolicy: { users: [{}] }, humanUsers },
  ],
});

export const betterAuthUser = (hash: string | null, given: Given = {}) => ({
  user: {
    id: 'dM2aSvRhnHPJbtgVNVFUcmFm2rDVYgxZ',
    name: 'Ada Lovelace',
    email,
    emailVerified: true,
    image: null,
    createdAt: '2024-05-01T10:00:00+00:00',
    updatedAt: '2024-05-01T10:00:00+00:00',
    ...given,
  },
  accounts: hash === null ? [] : [{ providerId: 'credential', password: hash }],
});

export const authnAccount = (hash: string | null, given: Given = {}) => ({
  id: 1,
  username: email,
  password: hash,
  locked: false,
  require_new_password: false,
  password_changed_at: '2024-05-01T10:00:00+00:00',
  created_at: '2024-05-01T10:00:00+00:00',
  updated_at: '2024-05-01T10:00:00+00:00',
  deleted_at: null,
  last_login_at: null,
  totp_secret: null,
  ...given,
});

export const orionUser = (hash: string | null, given: Given = {}) => ({
  hash: id,
  name: 'Ada',
  email,
  password: hash,
  emailValid: 1,
  isUsing2FA: 0,
  secret2FA: null,
  roles: 'user',
  ...given,
});

/** JSON lines. */
export const lines = (...entries: readonly unknown[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
