import type { ProblemCode } from '../../src/problem.ts';

/** What a description says of a route beyond its schemas. */
export type Operation = {
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Who may call; nobody has to prove anything where it is empty. */
  readonly security: readonly (keyof typeof securitySchemes)[];
  /** What may go wrong here beyond what may anywhere. */
  readonly problems: readonly ProblemCode[];
  /** An example of the body. */
  readonly request?: object;
  /** An example of the 200. */
  readonly answer: unknown;
};

export const tags = {
  users: 'Users, in the JSON dialect: a service acts for its users.',
  keys: 'Keys of users.',
  passwords: 'Log in with a password, change it, and take the change back.',
  tokens: 'Tokens of a login.',
  audit: 'What happened.',
  forms: 'The form dialect: people act for themselves, at the built-in service.',
  operation: 'What operators and verifiers ask.',
} as const;
type Tag = keyof typeof tags;

const AUTHORIZATION = { type: 'apiKey', in: 'header', name: 'Authorization' };

export const securitySchemes = {
  serviceKey: {
    ...AUTHORIZATION,
    description:
      'The key of a service (`rks_…`): `Authorization: KEY`, `key KEY` or `Bearer KEY`. Made by `sso-cli create-service-with-key`.',
  },
  rootKey: {
    ...AUTHORIZATION,
    description:
      'The key of an operator (`rkr_…`), who may read everything. Made by `sso-cli create-root-key`.',
  },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT, plain or encrypted',
    description:
      'The token of a login: the encrypted one of `POST /users/login`, or the access token of `/v1`.',
  },
} as const;

const service = ['serviceKey'] as const;
const reader = ['serviceKey', 'rootKey'] as const;

const USER_ID = '01900000-0000-7000-8000-000000000001';
const KEY_ID = '01900000-0000-7000-8000-000000000002';
const SERVICE_ID = '01900000-0000-7000-8000-000000000003';
const ENTRY_ID = '01900000-0000-7000-8000-000000000004';
const TIME = '2026-01-31T09:30:00.000Z';
const PASSWORD = 'not-a-real-password';
const NEW_PASSWORD = 'another-unreal-password';
const ACCESS_TOKEN = 'example.access.token';
const REFRESH_TOKEN = 'example-refresh-token';

const user = {
  id: USER_ID,
  created_at: TIME,
  updated_at: TIME,
  is_enabled: true,
  name: 'Ada',
  email: 'ada@example.com',
  locale: 'en',
  timezone: 'Etc/UTC',
  password_allow_reset: true,
  password_require_update: false,
};
const key = {
  id: KEY_ID,
  created_at: TIME,
  updated_at: TIME,
  is_enabled: true,
  is_revoked: false,
  type: 'TOKEN',
  name: 'web',
  service_id: SERVICE_ID,
  user_id: USER_ID,
};
const entry = {
  id: ENTRY_ID,
  created_at: TIME,
  service_id: SERVICE_ID,
  user_id: USER_ID,
  subject_id: null,
  action: 'password_change',
  outcome: 'success',
  address: '192.0.2.1',
  client: 'Example/1.0',
  sequence: 7,
  previous_hash: 'example-hash-of-entry-6',
  hash: 'example-hash-of-entry-7',
};
const meta = { password_strength: 3, password_pwned: null };
const access = { token: ACCESS_TOKEN, token_expires: 1769855400 };
const refresh = { token: REFRESH_TOKEN, token_expires: 1769938200 };
const orion = {
  hash: '7eba8ef2-426b-446a-9f05-4ab67e71383d',
  name: 'Orion',
  email: 'orion@test.com',
  emailValid: false,
};

/** Every route that is described, by method and path, in the order of the document. */
export const operations: Readonly<Record<string, Operation>> = {
  'POST /v1/user': {
    id: 'createUser',
    tag: 'users',
    summary: 'Create a user',
    description: 'To log in to the service, the user also needs a key of the type TOKEN.',
    security: service,
    problems: ['registration_closed', 'overloaded'],
    request: {
      is_enabled: true,
      name: 'Ada',
      email: 'ada@example.com',
      locale: 'en',
      timezone: 'Etc/UTC',
      password_allow_reset: true,
      password_require_update: false,
      password: PASSWORD,
    },
    answer: { meta, data: user },
  },
  'GET /v1/user/:id': {
    id: 'readUser',
    tag: 'users',
    summary: 'Read a user',
    description: 'A service sees the users that it created and those it has a key of.',
    security: reader,
    problems: ['not_found'],
    answer: { data: user },
  },
  'POST /v1/key': {
    id: 'createKey',
    tag: 'keys',
    summary: 'Create a key of a user',
    description:
      'A TOKEN key lets the user log in to this service; there is one usable at most. `value` is shown in this answer only.',
    security: service,
    problems: [],
    request: { is_enabled: true, type: 'TOKEN', name: 'web', user_id: USER_ID },
    answer: { data: { key, value: 'rku_not-a-real-key' } },
  },
  'GET /v1/key/:id': {
    id: 'readKey',
    tag: 'keys',
    summary: 'Read a key',
    security: reader,
    problems: ['not_found'],
    answer: { data: key },
  },
  'POST /v1/auth/key/verify': {
    id: 'verifyKey',
    tag: 'keys',
    summary: 'Find out whose key it is',
    security: service,
    problems: ['invalid_token'],
    request: { key: 'rku_not-a-real-key' },
    answer: { user, key },
  },
  'POST /v1/auth/key/revoke': {
    id: 'revokeKey',
    tag: 'keys',
    summary: 'Take a key back',
    description: 'Once and for good. With a TOKEN key every session that rests on it ends.',
    security: service,
    problems: ['invalid_token'],
    request: { key: 'rku_not-a-real-key' },
    answer: { audit: ENTRY_ID },
  },
  'POST /v1/auth/provider/local/login': {
    id: 'login',
    tag: 'passwords',
    summary: 'Log a user in',
    security: service,
    problems: [
      'invalid_credentials',
      'password_update_required',
      'too_many_requests',
      'overloaded',
    ],
    request: { email: 'ada@example.com', password: PASSWORD },
    answer: { meta, user, access, refresh },
  },
  'POST /v1/auth/provider/local/update-password': {
    id: 'updatePassword',
    tag: 'passwords',
    summary: 'Change the password of a user',
    description:
      'Ends every session of the user. The owner gets a mail with a link that shuts the account.',
    security: service,
    problems: ['invalid_credentials', 'too_many_requests', 'overloaded'],
    request: { email: 'ada@example.com', password: PASSWORD, new_password: NEW_PASSWORD },
    answer: { meta },
  },
  'POST /v1/auth/provider/local/update-password/revoke': {
    id: 'revokeUpdatePassword',
    tag: 'passwords',
    summary: 'Shut the account with the token of the mail',
    description:
      'Disables the user, and disables and revokes every key of the user. The token works once, for the service that it was made for.',
    security: service,
    problems: ['invalid_revoke_token'],
    request: { token: 'example.revoke-token' },
    answer: { audit: null },
  },
  'POST /v1/auth/totp': {
    id: 'verifyTotp',
    tag: 'passwords',
    summary: 'Verify a one-time code',
    description: 'RFC 6238, with the key of the type TOTP that this service made for the user.',
    security: service,
    problems: ['invalid_credentials', 'too_many_requests'],
    request: { user_id: USER_ID, totp: '000000' },
    answer: { audit: ENTRY_ID },
  },
  'POST /v1/auth/token/verify': {
    id: 'verifyToken',
    tag: 'tokens',
    summary: 'Find out whom an access token stands for',
    security: service,
    problems: ['invalid_token'],
    request: { token: ACCESS_TOKEN },
    answer: { user, access },
  },
  'POST /v1/auth/token/refresh': {
    id: 'refreshToken',
    tag: 'tokens',
    summary: 'Trade a refresh token for new tokens',
    description: 'A refresh token works once. One that comes back ends the session.',
    security: service,
    problems: ['invalid_token'],
    request: { token: REFRESH_TOKEN },
    answer: { user, access, refresh },
  },
  'POST /v1/auth/token/revoke': {
    id: 'revokeToken',
    tag: 'tokens',
    summary: 'Take a token back, with the TOKEN key that it was issued under',
    description:
      'Sessions on other devices end too. The user logs in to this service again once it has made a new TOKEN key.',
    security: service,
    problems: ['invalid_token'],
    request: { token: ACCESS_TOKEN },
    answer: { audit: ENTRY_ID },
  },
  'GET /v1/audit': {
    id: 'listAudit',
    tag: 'audit',
    summary: 'List what happened, the latest first',
    description: 'A service reads what happened through it, a root key everything.',
    security: reader,
    problems: ['invalid_argument'],
    answer: { data: [entry], next: null },
  },
  'GET /v1/audit/:id': {
    id: 'readAuditEntry',
    tag: 'audit',
    summary: 'Read an entry of the audit',
    security: reader,
    problems: ['not_found'],
    answer: { data: entry },
  },
  'POST /users/create': {
    id: 'signUp',
    tag: 'forms',
    summary: 'Sign up',
    security: [],
    problems: ['registration_closed', 'too_many_requests', 'overloaded', 'unavailable'],
    request: { name: 'Orion', email: 'orion@test.com', password: PASSWORD },
    answer: orion,
  },
  'POST /users/login': {
    id: 'signIn',
    tag: 'forms',
    summary: 'Log in',
    description: 'Wrong credentials are a 401 here.',
    security: [],
    problems: [
      'invalid_credentials',
      'password_update_required',
      'too_many_requests',
      'overloaded',
      'unavailable',
    ],
    request: { email: 'orion@test.com', password: PASSWORD },
    answer: { user: orion, token: 'example.encrypted.token.of.login' },
  },
  'PUT /users/update/password': {
    id: 'changePassword',
    tag: 'forms',
    summary: 'Change the own password',
    description:
      'Ends every other session. The owner gets a mail with a link that shuts the account.',
    security: ['accessToken'],
    problems: ['invalid_credentials', 'too_many_requests', 'overloaded'],
    request: { email: 'orion@test.com', password: PASSWORD, newPassword: NEW_PASSWORD },
    answer: orion,
  },
  'GET /.well-known/jwks.json': {
    id: 'readVerificationKeys',
    tag: 'operation',
    summary: 'Read the keys that access tokens are verified with',
    security: [],
    problems: [],
    answer: {
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: 'example-of-a-public-key',
          kid: 'example-key-id',
          use: 'sig',
          alg: 'EdDSA',
        },
      ],
    },
  },
  'GET /health/ready': {
    id: 'readReadiness',
    tag: 'operation',
    summary: 'Ask whether requests should be sent here',
    security: [],
    problems: ['unavailable'],
    answer: { status: 'ready' },
  },
  'GET /health/live': {
    id: 'readLiveness',
    tag: 'operation',
    summary: 'Ask whether the process is alive',
    security: [],
    problems: [],
    answer: { status: 'live' },
  },
  'GET /ping': {
    id: 'ping',
    tag: 'operation',
    summary: 'Ask for a Pong',
    security: [],
    problems: [],
    answer: 'Pong',
  },
};

/** Where a code has another status than elsewhere. */
export const statusOf: Readonly<Record<string, Partial<Record<ProblemCode, number>>>> = {
  signIn: { invalid_credentials: 401 },
};

/** What a member means, wherever it occurs: the routes need none of it to do their work. */
export const members: Readonly<Record<string, object>> = {
  id: { format: 'uuid' },
  hash: { description: 'Of a user: the id. Of an entry of the audit: what seals it.' },
  emailValid: { description: 'Whether the address was proven. Rekey asks nobody to: never.' },
  email: { description: 'Answered in its canonical form: lower case, domain in ASCII.' },
  name: { description: '1 to 100 characters on one line.' },
  password: {
    format: 'password',
    description: 'What `PASSWORD_POLICY` allows; 8 to 128 characters by default.',
  },
  new_password: { format: 'password', description: 'Differs from the current one.' },
  newPassword: { format: 'password', description: 'Differs from the current one.' },
  locale: { description: 'A BCP 47 tag: the language of the mails; `en` unless given.' },
  timezone: { description: 'An IANA zone: the clock of the mails; `Etc/UTC` unless given.' },
  is_enabled: { description: 'What is disabled cannot be used.' },
  password_require_update: {
    description: '`true` makes a correct login 403 until the password is changed.',
  },
  password_strength: { minimum: 0, maximum: 4, description: 'null where there is no password.' },
  password_pwned: { description: 'Whether a breach list has it; null where nobody could tell.' },
  service_id: { format: 'uuid', description: 'null for what belongs to no service.' },
  user_id: { format: 'uuid' },
  subject_id: { format: 'uuid', description: 'The key, session or change it is about.' },
  token_expires: { description: 'Seconds since 1970.' },
  value: { description: 'The key itself: shown in this answer only.' },
  totp: { description: 'Six digits.' },
  next: { description: 'What `after` is to be for the next page; null on the last one.' },
  from: { description: 'Only entries of that time or later.' },
  to: { description: 'Only entries before that time.' },
  limit: { description: 'A whole number from 1 to 100; 50 unless given.' },
  code: { description: 'What programs should look at; the list is closed.' },
  instance: { description: 'Of a 500: the id of the request in the log.' },
  reason: { description: 'Of a password that is refused: why, for programs.' },
  field: { description: 'The name that the argument was sent with.' },
};
