// Generated from the description of the API; `npx -y pnpm@12 run openapi` renews it.

import type { Call } from './call.ts';

export type AuditEntry = {
  /** The id of the entry. */
  readonly id: string;
  /** When it happened. */
  readonly created_at: string;
  /** The action that was tried. */
  readonly type: 'rekey:ChainBegin' | 'sso:ServiceCreate' | 'rekey:RootKeyCreate' | 'rekey:KeyAuth' | 'sso:UserCreate' | 'rekey:UserExpire' | 'sso:KeyCreate' | 'sso:AuthKeyRevoke' | 'sso:AuthLocalLogin' | 'sso:AuthLocalUpdatePassword' | 'sso:AuthLocalUpdatePasswordRevoke' | 'rekey:FactorChangeRevoke' | 'sso:AuthTokenRefresh' | 'rekey:TokenTheft' | 'sso:AuthTokenRevoke' | 'sso:AuthTotp' | 'rekey:Throttle' | 'rekey:MailSend' | 'rekey:MailRequeue' | 'rekey:AuditPrune' | 'rekey:Backup' | 'rekey:KeyringRotate' | 'rekey:KeyringPrune';
  /** Whether what was tried was done. */
  readonly outcome: 'success' | 'failure';
  /** null for actions of the operator. */
  readonly service_id: string | null;
  /** null where no user is concerned, or none that is known here. */
  readonly user_id: string | null;
  /** The key, session, one-time token, mail or service that it is about. */
  readonly subject: string | null;
  /** The IP address that the request came from; of failures that were summed, their network, or null for many. */
  readonly remote: string | null;
  /** The User-Agent exactly as it was sent, at most 200 characters of it: escape it before you show it. */
  readonly user_agent: string | null;
  /** How often it happened: 1 but for failures that were summed. */
  readonly count: number;
  /** Its place in the chain of its service: 1 for the first, without gaps. */
  readonly sequence: number;
  /** null for the first of a chain. */
  readonly previous_hash: string | null;
  /** Covers the entry and the hash before it. */
  readonly hash: string;
};
export type AuditListed = {
  readonly data: readonly AuditEntry[];
  /** The `after` of the next page; null on the last one. */
  readonly next: string | null;
};
export type AuditRead = {
  readonly data: AuditEntry;
};
export type Audited = {
  /** The entry of the audit that says so. */
  readonly audit: string;
};
export type Credentials = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormCredentials = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormLoggedIn = {
  readonly user: FormUser;
  readonly token: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device: string;
};
export type FormNewPassword = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly newPassword: string;
};
export type FormUser = {
  /** The id of the user. */
  readonly hash: string;
  readonly name: string;
  /** In its canonical form: lower case, domain in ASCII. */
  readonly email: string;
  /** Whether the address was proven. Rekey asks nobody to: never. */
  readonly emailValid: boolean;
};
export type GivenCode = {
  /** The user that the key is of. */
  readonly user_id: string;
  /** Six digits. */
  readonly totp: string;
};
export type GivenKey = {
  /** The value of a key. */
  readonly key: string;
};
export type GivenLinkToken = {
  /** The `token` of the link in the mail. */
  readonly token: string;
};
export type GivenRefreshToken = {
  readonly token: string;
};
export type GivenToken = {
  readonly token: string;
};
export type Key = {
  /** The id of the key. */
  readonly id: string;
  /** When the key was created. */
  readonly created_at: string;
  /** When the key was changed last. */
  readonly updated_at: string;
  /** A key that is disabled cannot be used. */
  readonly is_enabled: boolean;
  /** A key that was revoked cannot be used ever again. */
  readonly is_revoked: boolean;
  readonly type: 'KEY' | 'TOKEN' | 'TOTP';
  readonly name: string;
  /** null for a key that belongs to no service. */
  readonly service_id: string | null;
  /** null for a key that belongs to no user. */
  readonly user_id: string | null;
};
export type KeyCreated = {
  readonly data: {
    readonly key: Key;
    /** The key itself: shown in this answer only. */
    readonly value: string;
  };
};
export type KeyRead = {
  readonly data: Key;
};
export type KeyVerified = {
  readonly user: User;
  readonly key: Key;
};
export type LoggedIn = {
  readonly meta: PasswordMeta;
  readonly user: User;
  readonly access: Token;
  readonly refresh: Token;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device: string;
};
export type NewKey = {
  /** A key that is disabled cannot be used. */
  readonly is_enabled: boolean;
  /** TOKEN lets the user log in to this service, KEY lets a program act for the user, and TOTP is the seed of one-time codes. */
  readonly type: 'KEY' | 'TOKEN' | 'TOTP';
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** The user that the key is of. */
  readonly user_id: string;
};
export type NewPassword = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly new_password: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type NewUser = {
  /** A user that is disabled can do nothing. */
  readonly is_enabled: boolean;
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** A BCP 47 tag: the language of the mails; `en` unless given. */
  readonly locale?: string;
  /** An IANA zone: the clock of the mails; `Etc/UTC` unless given. */
  readonly timezone?: string;
  /** A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default. */
  readonly password?: string;
  /** Kept for flows that reset passwords; `true` unless given. */
  readonly password_allow_reset?: boolean;
  /** `true` makes a right login 403 until the password is changed. */
  readonly password_require_update?: boolean;
};
export type PasswordMeta = {
  /** From 0 (guessed at once) to 4 (very hard to guess); null where there is no password. */
  readonly password_strength: number | null;
  /** `true` where the list of common passwords or the breach list has it, `false` where the breach list was asked and does not; null where neither can tell. */
  readonly password_pwned: boolean | null;
};
export type PasswordUpdated = {
  readonly meta: PasswordMeta;
};
export type Problem = {
  /** Relative: leads to the documentation of the server that answered. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** For people. */
  readonly detail: string;
  /** For programs; the list is closed. */
  readonly code: 'bad_request' | 'invalid_argument' | 'invalid_credentials' | 'invalid_one_time_token' | 'invalid_token' | 'unauthorized' | 'cross_site_request' | 'password_update_required' | 'registration_closed' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'payload_too_large' | 'unsupported_media_type' | 'too_many_requests' | 'headers_too_large' | 'internal' | 'overloaded' | 'unavailable';
  /** Of a 500: the id of the request in the log. */
  readonly instance?: string;
  /** Every argument that is refused, at once. */
  readonly errors?: readonly {
    /** The name that the argument was sent with. */
    readonly field: string;
    /** For people. */
    readonly message: string;
    /** Why the argument is refused, for programs; the list is closed. */
    readonly code: 'required' | 'unknown' | 'repeated' | 'malformed' | 'too_short' | 'too_long' | 'unusable' | 'exists' | 'common' | 'contains_email' | 'contains_service' | 'same_as_current';
  }[];
};
export type SignUp = {
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default. */
  readonly password: string;
};
export type Token = {
  readonly token: string;
  /** Seconds since 1970. */
  readonly token_expires: number;
};
export type TokenRefreshed = {
  readonly user: User;
  readonly access: Token;
  readonly refresh: Token;
};
export type TokenVerified = {
  readonly user: User;
  readonly access: Token;
};
export type Unaudited = {
  readonly audit: null;
};
export type User = {
  /** The id of the user. */
  readonly id: string;
  /** When the user was created. */
  readonly created_at: string;
  /** When the user was changed last. */
  readonly updated_at: string;
  /** A user that is disabled can do nothing. */
  readonly is_enabled: boolean;
  readonly name: string;
  /** In its canonical form: lower case, domain in ASCII. */
  readonly email: string;
  /** A BCP 47 tag. */
  readonly locale: string;
  /** An IANA zone. */
  readonly timezone: string;
  /** Whether the owner may ask for a new password. */
  readonly password_allow_reset: boolean;
  /** Whether the password must be changed first. */
  readonly password_require_update: boolean;
};
export type UserCreated = {
  readonly meta: PasswordMeta;
  readonly data: User;
};
export type UserRead = {
  readonly data: User;
};
/** A method for each call. */
export type Api = {
  /** Create a user. */
  createUser(input: NewUser, call?: Call): Promise<UserCreated>;
  /** Read a user. */
  readUser(input: {
    readonly id: string;
  }, call?: Call): Promise<UserRead>;
  /** Create a key of a user. */
  createKey(input: NewKey, call?: Call): Promise<KeyCreated>;
  /** Read a key. */
  readKey(input: {
    readonly id: string;
  }, call?: Call): Promise<KeyRead>;
  /** Find out which user a key is of. */
  verifyKey(input: GivenKey, call?: Call): Promise<KeyVerified>;
  /** Take a key back. */
  revokeKey(input: GivenKey, call?: Call): Promise<Audited>;
  /** Log a user in. */
  login(input: Credentials, call?: Call): Promise<LoggedIn>;
  /** Find out which user an access token stands for. */
  verifyToken(input: GivenToken, call?: Call): Promise<TokenVerified>;
  /** Trade a refresh token for new tokens. */
  refreshToken(input: GivenRefreshToken, call?: Call): Promise<TokenRefreshed>;
  /** Take a token back, with the TOKEN key that it was issued under. */
  revokeToken(input: GivenToken, call?: Call): Promise<Audited>;
  /** Change the password of a user. */
  updatePassword(input: NewPassword, call?: Call): Promise<PasswordUpdated>;
  /** Lock the account with the token of the mail. */
  revokeUpdatePassword(input: GivenLinkToken, call?: Call): Promise<Unaudited>;
  /** Verify a one-time code. */
  verifyTotp(input: GivenCode, call?: Call): Promise<Audited>;
  /** List entries of the audit, the latest first. */
  listAudit(input?: {
    readonly user_id?: string;
    readonly type?: 'rekey:ChainBegin' | 'sso:ServiceCreate' | 'rekey:RootKeyCreate' | 'rekey:KeyAuth' | 'sso:UserCreate' | 'rekey:UserExpire' | 'sso:KeyCreate' | 'sso:AuthKeyRevoke' | 'sso:AuthLocalLogin' | 'sso:AuthLocalUpdatePassword' | 'sso:AuthLocalUpdatePasswordRevoke' | 'rekey:FactorChangeRevoke' | 'sso:AuthTokenRefresh' | 'rekey:TokenTheft' | 'sso:AuthTokenRevoke' | 'sso:AuthTotp' | 'rekey:Throttle' | 'rekey:MailSend' | 'rekey:MailRequeue' | 'rekey:AuditPrune' | 'rekey:Backup' | 'rekey:KeyringRotate' | 'rekey:KeyringPrune';
    readonly from?: string;
    readonly to?: string;
    readonly after?: string;
    readonly limit?: string;
  }, call?: Call): Promise<AuditListed>;
  /** Read an entry of the audit. */
  readAuditEntry(input: {
    readonly id: string;
  }, call?: Call): Promise<AuditRead>;
  /** Sign up. */
  signUp(input: SignUp, call?: Call): Promise<FormUser>;
  /** Log in. */
  signIn(input: FormCredentials, call?: Call): Promise<FormLoggedIn>;
  /** Change the own password. */
  changePassword(input: FormNewPassword, call?: Call): Promise<FormUser>;
  /** Read the keys that access tokens are verified with. */
  readVerificationKeys(input?: undefined, call?: Call): Promise<{
    readonly keys: readonly {
      readonly kty: string;
      readonly crv: string;
      readonly x: string;
      readonly kid: string;
      readonly use?: string;
      readonly alg?: string;
    }[];
  }>;
  /** Ask whether requests should be sent here. */
  readReadiness(input?: undefined, call?: Call): Promise<{
    readonly status: string;
    /** Of the program that answers. */
    readonly version: string;
  }>;
  /** Ask whether the process is alive. */
  readLiveness(input?: undefined, call?: Call): Promise<{
    readonly status: string;
    /** Of the program that answers. */
    readonly version: string;
  }>;
  /** Ask for a Pong. */
  ping(input?: undefined, call?: Call): Promise<string>;
};
/** How each call is made. */
export const calls = {
  createUser: { method: 'POST', path: '/v1/user', takes: 'json', proof: 'key' },
  readUser: { method: 'GET', path: '/v1/user/{id}', takes: null, proof: 'key' },
  createKey: { method: 'POST', path: '/v1/key', takes: 'json', proof: 'key' },
  readKey: { method: 'GET', path: '/v1/key/{id}', takes: null, proof: 'key' },
  verifyKey: { method: 'POST', path: '/v1/auth/key/verify', takes: 'json', proof: 'key' },
  revokeKey: { method: 'POST', path: '/v1/auth/key/revoke', takes: 'json', proof: 'key' },
  login: { method: 'POST', path: '/v1/auth/provider/local/login', takes: 'json', proof: 'key' },
  verifyToken: { method: 'POST', path: '/v1/auth/token/verify', takes: 'json', proof: 'key' },
  refreshToken: { method: 'POST', path: '/v1/auth/token/refresh', takes: 'json', proof: 'key' },
  revokeToken: { method: 'POST', path: '/v1/auth/token/revoke', takes: 'json', proof: 'key' },
  updatePassword: { method: 'POST', path: '/v1/auth/provider/local/update-password', takes: 'json', proof: 'key' },
  revokeUpdatePassword: { method: 'POST', path: '/v1/auth/provider/local/update-password/revoke', takes: 'json', proof: 'key' },
  verifyTotp: { method: 'POST', path: '/v1/auth/totp', takes: 'json', proof: 'key' },
  listAudit: { method: 'GET', path: '/v1/audit', takes: null, proof: 'key' },
  readAuditEntry: { method: 'GET', path: '/v1/audit/{id}', takes: null, proof: 'key' },
  signUp: { method: 'POST', path: '/users/create', takes: 'form', proof: null },
  signIn: { method: 'POST', path: '/users/login', takes: 'form', proof: null },
  changePassword: { method: 'PUT', path: '/users/update/password', takes: 'form', proof: 'token' },
  readVerificationKeys: { method: 'GET', path: '/.well-known/jwks.json', takes: null, proof: null },
  readReadiness: { method: 'GET', path: '/health/ready', takes: null, proof: null },
  readLiveness: { method: 'GET', path: '/health/live', takes: null, proof: null },
  ping: { method: 'GET', path: '/ping', takes: null, proof: null },
} as const;
