/**
 * Facts of docs-src/asset/sso.swagger.json of mojzu/sso at the tag sso-0.10.2: the definitions and operations that its
 * integration tests come across, without the prefix `sso` of their names.
 * A member with `?` is a wrapper of the protocol: it may be null or missing. An `int64` is a text of digits.
 */
const DEFINITIONS = `
  Audit: created_at date-time, updated_at date-time, id string, user_agent string, remote string, forwarded string?,
    status_code integer?, type string, subject string?, data object?, key_id string?, service_id string?,
    user_id string?, user_key_id string?;
  AuditCreateRequest: type string, subject string?, data object?, user_id string?, user_key_id string?;
  AuditListReply: meta AuditListRequest, data Audit[];
  AuditListRequest: ge date-time?, le date-time?, limit int64?, offset_id string?, id string[]?, type string[]?,
    subject string[]?, service_id string[]?, user_id string[]?;
  AuditReadReply: data Audit;
  AuditReadRequest: id string, subject string?;
  AuditUpdateRequest: id string, status_code integer?, subject string?, data object?;
  AuthAuditReply: audit string?;
  AuthCsrfCreateReply: csrf Csrf;
  AuthCsrfCreateRequest: expires_s int64?;
  AuthCsrfVerifyRequest: csrf string, audit string?;
  AuthKeyReply: user User, key Key, audit string?;
  AuthKeyRequest: key string, audit string?;
  AuthLoginReply: meta AuthPasswordMeta, user User, access AuthToken, refresh AuthToken;
  AuthLoginRequest: email string, password string;
  AuthOauth2UrlReply: url string;
  AuthPasswordMeta: password_strength integer?, password_pwned boolean?;
  AuthPasswordMetaReply: meta AuthPasswordMeta;
  AuthRegisterRequest: name string, email string, locale string?, timezone string?;
  AuthResetPasswordConfirmRequest: token string, password string;
  AuthResetPasswordRequest: email string;
  AuthToken: token string, token_expires int64;
  AuthTokenReply: user User, access AuthToken, refresh AuthToken, audit string?;
  AuthTokenRequest: token string, audit string?;
  AuthTokenVerifyReply: user User, access AuthToken, audit string?;
  AuthTotpRequest: user_id string, totp string;
  AuthUpdateEmailRequest: email string, password string, new_email string;
  AuthUpdatePasswordRequest: email string, password string, new_password string;
  Csrf: created_at date-time, key string, value string, ttl date-time, service_id string?;
  Empty: ;
  ErrorReply: code integer?, error string?, message string?;
  Key: created_at date-time, updated_at date-time, id string, is_enabled boolean, is_revoked boolean, type KeyType,
    name string, service_id string?, user_id string?;
  KeyCreateReply: data KeyWithValue;
  KeyCreateRequest: type KeyType, name string, is_enabled boolean?, service_id string?, user_id string?;
  KeyListReply: meta KeyListRequest, data Key[];
  KeyListRequest: gt string?, lt string?, limit int64?, id string[]?, is_enabled boolean?, is_revoked boolean?,
    type KeyType[]?, service_id string[]?, user_id string[]?;
  KeyReadReply: data Key;
  KeyReadRequest: id string, user_id string?;
  KeyWithValue: key Key, value string;
  Service: created_at date-time, updated_at date-time, id string, is_enabled boolean, name string, url string,
    user_allow_register boolean, user_email_text string, provider_local_url string?,
    provider_github_oauth2_url string?, provider_microsoft_oauth2_url string?;
  ServiceCreateRequest: name string, url string, is_enabled boolean?, user_allow_register boolean?,
    user_email_text string?, provider_local_url string?, provider_github_oauth2_url string?,
    provider_microsoft_oauth2_url string?;
  ServiceListReply: meta ServiceListRequest, data Service[];
  ServiceListRequest: gt string?, lt string?, limit int64?, id string[]?, is_enabled boolean?;
  ServiceReadReply: data Service;
  ServiceReadRequest: id string;
  ServiceUpdateRequest: id string, name string?, url string?, is_enabled boolean?, user_allow_register boolean?,
    user_email_text string?, provider_local_url string?, provider_github_oauth2_url string?,
    provider_microsoft_oauth2_url string?;
  User: created_at date-time, updated_at date-time, id string, is_enabled boolean, name string, email string,
    locale string, timezone string, password_allow_reset boolean, password_require_update boolean;
  UserCreateReply: meta AuthPasswordMeta, data User;
  UserCreateRequest: name string, email string, is_enabled boolean?, locale string?, timezone string?,
    password_allow_reset boolean?, password_require_update boolean?, password string?;
  UserListReply: meta UserListRequest, data User[];
  UserListRequest: gt string?, lt string?, name_ge string?, name_le string?, limit int64?, offset_id string?,
    id string[]?, email string[]?;
  UserReadReply: data User;
  UserReadRequest: id string;
  UserUpdateRequest: id string, name string?, is_enabled boolean?, locale string?, timezone string?,
    password_allow_reset boolean?, password_require_update boolean?;
`;

/** The members of each definition with their types. */
export const definitions: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  DEFINITIONS.split(';')
    .map((text) => text.split(':'))
    .map(([name = '', members = '']) => [
      name.trim(),
      new Map(
        members
          .split(',')
          .map((member): [string, string] => {
            const [key = '', type = ''] = member.trim().split(' ');
            return [key, type];
          })
          .filter(([key]) => key !== ''),
      ),
    ]),
);

/** Method, path, and the definitions of what is sent and of what a 200 answers. */
type Operation = readonly [method: string, path: string, request: string, reply: string];

const LOCAL = '/v1/auth/provider/local';

export const operations = {
  AuditList: ['GET', '/v1/audit', 'AuditListRequest', 'AuditListReply'],
  AuditCreate: ['POST', '/v1/audit', 'AuditCreateRequest', 'AuditReadReply'],
  AuditRead: ['GET', '/v1/audit/{id}', 'AuditReadRequest', 'AuditReadReply'],
  AuditUpdate: ['PATCH', '/v1/audit/{id}', 'AuditUpdateRequest', 'AuditReadReply'],
  AuthCsrfCreate: ['GET', '/v1/auth/csrf', 'AuthCsrfCreateRequest', 'AuthCsrfCreateReply'],
  AuthCsrfVerify: ['POST', '/v1/auth/csrf', 'AuthCsrfVerifyRequest', 'AuthAuditReply'],
  AuthKeyRevoke: ['POST', '/v1/auth/key/revoke', 'AuthKeyRequest', 'AuthAuditReply'],
  AuthKeyVerify: ['POST', '/v1/auth/key/verify', 'AuthKeyRequest', 'AuthKeyReply'],
  AuthLocalLogin: ['POST', `${LOCAL}/login`, 'AuthLoginRequest', 'AuthLoginReply'],
  AuthLocalRegister: ['POST', `${LOCAL}/register`, 'AuthRegisterRequest', 'Empty'],
  AuthLocalResetPassword: ['POST', `${LOCAL}/reset-password`, 'AuthResetPasswordRequest', 'Empty'],
  AuthLocalResetPasswordConfirm: [
    'POST',
    `${LOCAL}/reset-password/confirm`,
    'AuthResetPasswordConfirmRequest',
    'AuthPasswordMetaReply',
  ],
  AuthLocalUpdateEmail: ['POST', `${LOCAL}/update-email`, 'AuthUpdateEmailRequest', 'Empty'],
  AuthLocalUpdatePassword: [
    'POST',
    `${LOCAL}/update-password`,
    'AuthUpdatePasswordRequest',
    'AuthPasswordMetaReply',
  ],
  AuthMicrosoftOauth2Url: [
    'GET',
    '/v1/auth/provider/microsoft/oauth2',
    'Empty',
    'AuthOauth2UrlReply',
  ],
  AuthTokenRefresh: ['POST', '/v1/auth/token/refresh', 'AuthTokenRequest', 'AuthTokenReply'],
  AuthTokenRevoke: ['POST', '/v1/auth/token/revoke', 'AuthTokenRequest', 'AuthAuditReply'],
  AuthTokenVerify: ['POST', '/v1/auth/token/verify', 'AuthTokenRequest', 'AuthTokenVerifyReply'],
  AuthTotpVerify: ['POST', '/v1/auth/totp', 'AuthTotpRequest', 'AuthAuditReply'],
  KeyList: ['GET', '/v1/key', 'KeyListRequest', 'KeyListReply'],
  KeyCreate: ['POST', '/v1/key', 'KeyCreateRequest', 'KeyCreateReply'],
  KeyRead: ['GET', '/v1/key/{id}', 'KeyReadRequest', 'KeyReadReply'],
  KeyDelete: ['DELETE', '/v1/key/{id}', 'KeyReadRequest', 'Empty'],
  ServiceList: ['GET', '/v1/service', 'ServiceListRequest', 'ServiceListReply'],
  ServiceCreate: ['POST', '/v1/service', 'ServiceCreateRequest', 'ServiceReadReply'],
  ServiceRead: ['GET', '/v1/service/{id}', 'ServiceReadRequest', 'ServiceReadReply'],
  ServiceUpdate: ['PATCH', '/v1/service/{id}', 'ServiceUpdateRequest', 'ServiceReadReply'],
  ServiceDelete: ['DELETE', '/v1/service/{id}', 'ServiceReadRequest', 'Empty'],
  UserList: ['GET', '/v1/user', 'UserListRequest', 'UserListReply'],
  UserCreate: ['POST', '/v1/user', 'UserCreateRequest', 'UserCreateReply'],
  UserRead: ['GET', '/v1/user/{id}', 'UserReadRequest', 'UserReadReply'],
  UserUpdate: ['PATCH', '/v1/user/{id}', 'UserUpdateRequest', 'UserReadReply'],
} as const satisfies Record<string, Operation>;
export type OperationId = keyof typeof operations;

/** The definition of every refusal, and the statuses that the document has. */
export const REFUSAL = 'ErrorReply';
export const statuses = [200, 400, 401, 403, 404];
