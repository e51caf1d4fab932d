// Generated from the description of the API; `npx -y pnpm@12 run openapi` renews it.

import type { Call } from './call.ts';

export type AskedReset = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type AuditEntry = {
  /** The id of the entry. */
  readonly id: string;
  /** When it happened. */
  readonly created_at: string;
  /** When something was added to the entry last; at first when it happened. */
  readonly updated_at: string;
  /** What was tried: one of `rekey:ChainBegin`, `sso:ServiceCreate`, `sso:ServiceUpdate`, `sso:ServiceDelete`, `rekey:RootKeyCreate`, `rekey:KeyAuth`, `sso:UserCreate`, `sso:UserUpdate`, `sso:UserDelete`, `rekey:UserExpire`, `rekey:UserRecover`, `rekey:UserRecoverConfirm`, `sso:KeyCreate`, `sso:KeyUpdate`, `rekey:RoleGrant`, `rekey:RoleRevoke`, `rekey:KeyRotate`, `sso:KeyDelete`, `rekey:KeyRevoke`, `sso:AuthKeyRevoke`, `rekey:UserAdopt`, `sso:AuthLocalLogin`, `rekey:FactorDemand`, `rekey:FactorLogin`, `rekey:FactorAdd`, `rekey:FactorRemove`, `rekey:FactorProve`, `rekey:AuthPasskey`, `rekey:AuthGoogleOauth2Callback`, `sso:AuthGithubOauth2Callback`, `sso:AuthMicrosoftOauth2Callback`, `sso:AuthLocalUpdatePassword`, `sso:AuthLocalUpdatePasswordRevoke`, `sso:AuthLocalUpdateEmail`, `sso:AuthLocalRegister`, `sso:AuthLocalRegisterConfirm`, `rekey:ValidateEmail`, `sso:AuthLocalResetPassword`, `sso:AuthLocalResetPasswordConfirm`, `rekey:UserInvite`, `rekey:UserInviteConfirm`, `rekey:FactorChangeRevoke`, `sso:AuthLocalRegisterRevoke`, `sso:AuthLocalResetPasswordRevoke`, `sso:AuthLocalUpdateEmailRevoke`, `rekey:NewDeviceRevoke`, `rekey:ValidateEmailRevoke`, `sso:AuthTokenRefresh`, `rekey:SessionEnd`, `rekey:TokenTheft`, `sso:AuthTokenRevoke`, `sso:AuthTotp`, `rekey:Throttle`, `rekey:ThrottleReset`, `rekey:MailSend`, `rekey:MailCorrect`, `rekey:MailRequeue`, `rekey:WebhookCreate`, `rekey:WebhookUpdate`, `rekey:WebhookDelete`, `rekey:WebhookRotate`, `rekey:WebhookTest`, `rekey:WebhookReplay`, `rekey:WebhookDisable`, `sso:AuditUpdate`, `rekey:AuditErase`, `rekey:AuditPrune`, `rekey:Backup`, `rekey:Import`, `rekey:Export`, `rekey:KeyringRotate`, `rekey:KeyringPrune`, or a type of a service's own. */
  readonly type: string;
  /** Whether what was tried was done. */
  readonly outcome: 'success' | 'failure';
  /** Of Rekey’s own entries as in gRPC: 0 done, 3 refused, 7 forbidden, 16 not authenticated; of a service’s what it says. */
  readonly status_code: number | null;
  /** The key of the service, or of the operator, that asked. */
  readonly key_id: string | null;
  /** null for actions of the operator. */
  readonly service_id: string | null;
  /** null where no user is concerned, or none that is known here. */
  readonly user_id: string | null;
  /** The key of the user that the request was proven with. */
  readonly user_key_id: string | null;
  /** The id of the key, session, one-time token, mail, service or entry that it is about; of an entry of a service’s own, its words. */
  readonly subject: string | null;
  /** Of a change `{"type": "diff", "data": [[field, old, new], …]}`, of a failure `{"type": "error", "data": code}`, of an entry of a service’s own what it says. */
  readonly data: object | null;
  /** The IP address that the request came from; of failures that were summed, their network. Empty where there is none, and where it was erased. */
  readonly remote: string;
  /** The User-Agent exactly as it was sent, at most 200 characters of it: escape it before you show it. */
  readonly user_agent: string;
  /** The X-Forwarded-For exactly as it was sent, at most 500 characters of it: whoever asks can write anything into it. */
  readonly forwarded: string | null;
  /** How often it happened: 1 but for failures that were summed. */
  readonly count: number;
  /** Its place in the chain of its service: 1 for the first, without gaps. Each amendment of an entry has a place as well. An entry that was made just now has none yet: read it again. */
  readonly sequence: number | null;
  /** null for the first of a chain. */
  readonly previous_hash: string | null;
  /** Covers the entry and the hash before it; null where the entry has no place yet. */
  readonly hash: string | null;
};
export type AuditEntryAmendment = {
  /** The id of the entry, as in the path, where it is repeated. */
  readonly id?: string;
  /** How it ended, in numbers of your own. */
  readonly status_code?: number;
  /** What the entry is about: 1 to 200 characters on one line. */
  readonly subject?: string;
  /** Anything that JSON has, at most 32 levels deep. */
  readonly data?: object;
};
export type AuditListed = {
  readonly meta: {
    /** The `ge` that was used. */
    readonly ge: string | null;
    /** The `le` that was used. */
    readonly le: string | null;
    /** The `limit` that was used. */
    readonly limit: number;
    /** The `offset_id` that was used. */
    readonly offset_id: string | null;
    /** The ids that were asked for. */
    readonly id: readonly string[];
    /** The types that were asked for. */
    readonly type: readonly string[];
    /** The subjects that were asked for. */
    readonly subject: readonly string[];
    /** The services that were asked for. */
    readonly service_id: readonly string[];
    /** The users that were asked for. */
    readonly user_id: readonly string[];
    /** The `order` that was used. */
    readonly order: string | null;
    /** The `after` that was used. */
    readonly after: string | null;
  };
  readonly data: readonly AuditEntry[];
  /** The `after` of the page that comes after this one, or without `ge` and `order` before it; null where there is none. */
  readonly next: string | null;
};
export type AuditRead = {
  readonly data: AuditEntry;
};
export type Audited = {
  /** The entry of your own that was asked for by `audit`; null where none was. */
  readonly audit: string | null;
};
export type CameBackFromProvider = {
  /** The `code` that the person came back with. */
  readonly code: string;
  /** The `state` that the person came back with. */
  readonly state: string;
  /** 1 to 200 characters that this browser alone has at your service, such as the id of its session there. Where it was given, what comes back counts only together with it: nobody signs others in. */
  readonly binding?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type CameBackToLink = {
  /** The `code` that the person came back with. */
  readonly code: string;
  /** The `state` that the person came back with. */
  readonly state: string;
  /** 1 to 200 characters that this browser alone has at your service, such as the id of its session there. Where it was given, what comes back counts only together with it: nobody signs others in. */
  readonly binding?: string;
};
export type ChangedKey = {
  /** The id of the key, as in the path, where it is repeated. */
  readonly id?: string;
  /** 1 to 100 characters on one line. */
  readonly name?: string;
  /** A key that is disabled cannot be used. */
  readonly is_enabled?: boolean;
  /** The rights of the key, in words of the service: Rekey gives them no meaning. At most 50, each of 1 to 64 visible ASCII characters and given once. */
  readonly scopes?: readonly string[];
  /** When the key stops working: RFC 3339, to come; an empty text for never. */
  readonly expires_at?: string;
};
export type ChangedService = {
  /** The id of the service, as in the path, where it is repeated. */
  readonly id?: string;
  /** A service that is disabled can do nothing: its keys are refused, and the sessions of its users with them. */
  readonly is_enabled?: boolean;
  /** 1 to 100 characters on one line; mails show it. */
  readonly name?: string;
  /** Where the service lives: http or https, without user and password. */
  readonly url?: string;
  /** Whether people may register at the service by themselves. */
  readonly user_allow_register?: boolean;
  /** Text that mails of the service carry; empty for none. At most 1000 characters. */
  readonly user_email_text?: string;
  /** The page that links in mails lead to; where there is none, Rekey hosts it. Empty for none. */
  readonly provider_local_url?: string;
  /** The page that sign-ins with GitHub come back to. Empty for none. */
  readonly provider_github_oauth2_url?: string;
  /** The page that sign-ins with Microsoft come back to. Empty for none. */
  readonly provider_microsoft_oauth2_url?: string;
  /** The page that sign-ins with Google come back to. Empty for none. */
  readonly provider_google_oauth2_url?: string;
  /** Whether the service lists, reads and changes all users. */
  readonly sees_all_users?: boolean;
  /** Whether owners open again by themselves the accounts that they locked. */
  readonly owner_recovery?: boolean;
  /** Whether a login takes a second factor. */
  readonly require_factor?: boolean;
  /** Whether owners are mailed about a login from a new device. */
  readonly new_device_mail?: boolean;
  /** The place where people find help: https, or `mailto:` and an address. Empty for that of the server. */
  readonly support_url?: string;
};
export type ChangedUser = {
  /** The id of the user, as in the path, where it is repeated. */
  readonly id?: string;
  /** 1 to 100 characters on one line. */
  readonly name?: string;
  /** A user that is disabled can do nothing, and has no session. */
  readonly is_enabled?: boolean;
  /** A BCP 47 tag: the language of the mails. */
  readonly locale?: string;
  /** An IANA zone: the clock of the mails. */
  readonly timezone?: string;
  /** Whether the owner may ask for a new password. */
  readonly password_allow_reset?: boolean;
  /** `true` makes a right login 403 until the password is changed. */
  readonly password_require_update?: boolean;
  /** What your service keeps with the user: a flat object of strings, numbers, booleans and nulls, 4 KiB of JSON at most. No other service sees it; a root key sees that of the service that made the user. It takes the place of all that was there. */
  readonly attributes?: object;
};
export type ChangedWebhook = {
  /** The id of the webhook, as in the path, where it is repeated. */
  readonly id?: string;
  /** Where to: https, on port 443 or one from 1024, outside of private networks. Whoever knows it can send there, but nothing that is signed. */
  readonly url?: string;
  /** The types of events to be called with; empty for all. */
  readonly types?: readonly ('user.created' | 'user.updated' | 'user.deleted' | 'user.disabled' | 'user.locked' | 'user.recovered' | 'user.adopted' | 'password.changed' | 'password.reset' | 'email.validated' | 'email.changed' | 'factor.added' | 'factor.removed' | 'session.started' | 'session.ended' | 'token.theft' | 'key.created' | 'key.updated' | 'key.rotated' | 'key.revoked' | 'key.expiring' | 'throttle.reached' | 'service.disabled' | 'service.deleted' | 'webhook.disabled')[];
  /** Up to 100 characters on one line; empty for none. */
  readonly description?: string;
  /** A webhook that is disabled is not called. One that is enabled again is called with all that it missed, as far as it is kept. */
  readonly is_enabled?: boolean;
};
export type CheckedPassword = {
  /** The password to be judged. Whatever is wrong with it, the answer says so. */
  readonly password: string;
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email?: string;
  /** 1 to 100 characters on one line. */
  readonly name?: string;
};
export type CodesRenewed = {
  /** Ten, each of which works once in the place of `totp`. They are shown once. */
  readonly recovery_codes: readonly string[];
};
export type ConfirmedEmail = {
  /** The `token` of the link in the mail. */
  readonly token: string;
};
export type ConfirmedRecovery = {
  /** The `token` of the link in the mail. */
  readonly token: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly password: string;
};
export type ConfirmedRegistration = {
  /** The `token` of the link in the mail. */
  readonly token: string;
  /** A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default. Passed over where the link only lets an account in: that has its own. */
  readonly password?: string;
  /** Whether the owner may ask for a new password. `true` unless given. */
  readonly password_allow_reset?: boolean;
};
export type ConfirmedReset = {
  /** The `token` of the link in the mail. */
  readonly token: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly password: string;
};
export type Credentials = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Six digits of the app. */
  readonly totp?: string;
  /** A recovery code, in the place of `totp`; it works once. */
  readonly recovery_code?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type Csrf = {
  /** When it was made. */
  readonly created_at: string;
  /** The token: shown in this answer only. */
  readonly key: string;
  /** Equal to `key`. */
  readonly value: string;
  /** When it expires. */
  readonly ttl: string;
  /** The service that may spend it. */
  readonly service_id: string;
};
export type CsrfCreated = {
  readonly csrf: Csrf;
};
export type CsrfVerified = {
  /** The entry that was asked for. */
  readonly audit?: string;
};
export type EmailConfirmed = {

};
export type EmailUpdated = {

};
export type Event = {
  /** The id of the event. */
  readonly id: string;
  /** What happened: one of `user.created`, `user.updated`, `user.deleted`, `user.disabled`, `user.locked`, `user.recovered`, `user.adopted`, `password.changed`, `password.reset`, `email.validated`, `email.changed`, `factor.added`, `factor.removed`, `session.started`, `session.ended`, `token.theft`, `key.created`, `key.updated`, `key.rotated`, `key.revoked`, `key.expiring`, `throttle.reached`, `service.disabled`, `service.deleted`, `webhook.disabled`. */
  readonly type: string;
  /** When it happened. */
  readonly created_at: string;
  /** The service that is told. */
  readonly service_id: string;
  /** null where it is about none, or about none that is known here. */
  readonly user_id: string | null;
  /** The session, key, factor, webhook or one-time token that it is about. */
  readonly subject_id: string | null;
  /** Ids, names of fields and instants, by the type of the event. */
  readonly data: object;
};
export type EventsFollowed = {
  readonly data: readonly Event[];
  /** The `after` of the next question, whether or not there was anything. */
  readonly next: string;
};
export type ExportedMail = {
  /** The id of the mail. */
  readonly id: string;
  /** When the mail was owed. */
  readonly created_at: string;
  /** What the mail is about. */
  readonly type: 'update_password' | 'factor_change' | 'register' | 'register_confirm' | 'reset_password' | 'reset_password_confirm' | 'update_email' | 'validate_email' | 'invite' | 'new_device' | 'recover' | 'key_expiring' | 'account_deleted' | 'register_known';
  /** The service that it happened through. */
  readonly service_id: string;
  /** The recipient. */
  readonly to: string;
  readonly state: 'waiting' | 'sent' | 'dead';
  /** When it was sent or given up. */
  readonly closed_at: string | null;
  /** Until when its link works, if it is not used. */
  readonly link_expires_at: string;
  /** When the link was used, or ended with another one. */
  readonly link_spent_at: string | null;
};
export type ExportedSession = {
  /** The id of the session. */
  readonly id: string;
  /** When the user logged in. */
  readonly created_at: string;
  /** When a token of it was refreshed or verified last: within a minute of that. */
  readonly last_used_at: string;
  /** When it ends by itself. A refresh puts the end off. */
  readonly expires_at: string;
  /** The user who logged in. */
  readonly user_id: string;
  /** The service that the user logged in to. */
  readonly service_id: string;
  /** The TOKEN key that it rests on. */
  readonly key_id: string;
  /** The IP address that the login came from. */
  readonly remote: string;
  /** The User-Agent of the login exactly as it was sent: escape it before you show it. */
  readonly user_agent: string | null;
  /** How the user proved who it is; `pwd`: by a password. */
  readonly amr: readonly ('pwd' | 'otp' | 'recovery_code' | 'passkey' | 'security_key' | 'google' | 'github' | 'microsoft')[];
  /** null where it goes on, or expired. */
  readonly ended_at: string | null;
};
export type FormAskedReset = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormAuthentication = {
  readonly user: FormUser;
  /** Goes with `Authorization: Bearer …` from now on. */
  readonly token: string;
};
export type FormChange = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** 1 to 100 characters on one line. */
  readonly name?: string;
  /** The password that the account has now. */
  readonly password?: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly newPassword?: string;
  /** Another e-mail address than the current one, which no account has. */
  readonly newEmail?: string;
};
export type FormCode = {
  /** Six digits of the app, or a recovery code. */
  readonly code: string;
};
export type FormConfirmedReset = {
  /** The `token` of the link in the mail. */
  readonly token: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly newPassword: string;
};
export type FormCredentials = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormDeletion = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The password of the own account; admins may leave it out. */
  readonly password?: string;
};
export type FormDemands = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** Whether a login with the password takes the factor. */
  readonly require2FAForBasicLogin?: 'true' | 'false';
  /** Whether a login with a provider takes the factor. */
  readonly require2FAForSocialLogin?: 'true' | 'false';
  /** To demand less than before. */
  readonly code?: string;
};
export type FormFactorCode = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** Six digits of the app, or a recovery code. */
  readonly code: string;
  /** As the login handed it out; where it is left out, the latest of the account from the IP address of the caller counts. */
  readonly challenge?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormGoogleLink = {
  /** The ID token, or the access token, that Google gave the page. */
  readonly idToken: string;
};
export type FormGoogleToken = {
  /** The ID token, or the access token, that Google gave the page. */
  readonly idToken: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormLoggedIn = {
  readonly user: FormUser;
  /** Goes with `Authorization: Bearer …` from now on. */
  readonly token: string;
  readonly authentication: FormAuthentication;
  /** Always false here. */
  readonly requires2FA: boolean;
  /** Always null here. */
  readonly message: null;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device: string;
};
export type FormLogin = {
  readonly user?: FormUser;
  /** Goes with `Authorization: Bearer …` from now on. */
  readonly token?: string;
  /** Null where a second factor is asked for. */
  readonly authentication: unknown;
  /** Whether a second factor is asked for, at `/users/login/2fa`. */
  readonly requires2FA: boolean;
  /** Null where nothing is missing. */
  readonly message: string | null;
  /** To be shown together with the code, once, within five minutes. */
  readonly challenge?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormLogout = {
  /** Whether all sessions of the account end, on every device. */
  readonly all?: 'true' | 'false';
};
export type FormNewEmail = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** Another e-mail address than the current one, which no account has. */
  readonly newEmail: string;
  /** The current password. It may be left out, unless `USERS_EMAIL_CHANGE` demands it. */
  readonly password?: string;
};
export type FormNewPasskey = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The credential that the browser answered, as JSON: `JSON.stringify(credential)` (WebAuthn, 5.1). */
  readonly response: string;
  /** The origin of the page, one of `WEBAUTHN_ORIGINS`. */
  readonly origin: string;
  /** What the owner calls the passkey: 1 to 100 characters on one line. */
  readonly deviceName?: string;
};
export type FormNewPasskeyAsked = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
};
export type FormNewPassword = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly newPassword: string;
};
export type FormNewSeed = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Of the factor that is to be replaced; a session that was opened with one needs none. */
  readonly code?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormPasskey = {
  readonly id: string;
  /** As its owner calls it. */
  readonly deviceName: string;
  /** When it was made. */
  readonly createdAt: string;
  /** When it logged in last; null for never. */
  readonly lastUsedAt: string | null;
  /** The ways to reach its authenticator, as the browser named them. */
  readonly transports: readonly string[];
  /** Whether it can be synced to other devices. */
  readonly backupEligible: boolean;
  /** Whether it was synced when it was used last. */
  readonly backedUp: boolean;
  /** Whether its authenticator verified the person: then a login with it counts as two factors. */
  readonly userVerified: boolean;
};
export type FormPasskeyAdded = {
  /** Always true. */
  readonly success: boolean;
  readonly message: string;
};
export type FormPasskeyAsked = {
  /** The e-mail address of the account; where it is left out, any passkey of the browser does. */
  readonly email?: string;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
};
export type FormPasskeyLogin = {
  /** The e-mail address of the account; where it is left out, any passkey of the browser does. */
  readonly email?: string;
  /** The credential that the browser answered, as JSON: `JSON.stringify(credential)` (WebAuthn, 5.1). */
  readonly response: string;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormProblem = {
  /** Relative: leads to the documentation of the server that answered. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** For people. */
  readonly detail: string;
  /** For programs; the list is closed. */
  readonly code: 'bad_request' | 'invalid_argument' | 'invalid_credentials' | 'invalid_one_time_token' | 'invalid_token' | 'invalid_cursor' | 'cursor_expired' | 'account_locked' | 'account_not_locked' | 'recent_change' | 'last_way_in' | 'address_not_proven' | 'unauthorized' | 'cross_site_request' | 'forbidden' | 'password_update_required' | 'second_factor_required' | 'factor_enrolment_required' | 'insufficient_user_authentication' | 'registration_closed' | 'root_key_required' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'idempotency_key_in_use' | 'payload_too_large' | 'unsupported_media_type' | 'idempotency_key_reused' | 'too_many_requests' | 'headers_too_large' | 'internal' | 'overloaded' | 'unavailable';
  /** Of a 500: the id of the request in the log. */
  readonly instance?: string;
  /** Where a second factor is missing: to be shown together with it, once. By itself it opens nothing. */
  readonly challenge?: string | null;
  /** Every argument that is refused, at once. */
  readonly errors?: readonly {
    /** The name that the argument was sent with. */
    readonly field: string;
    /** For people. */
    readonly message: string;
    /** Why the argument is refused, for programs; the list is closed. */
    readonly code: 'required' | 'unknown' | 'repeated' | 'malformed' | 'too_short' | 'too_long' | 'unusable' | 'exists' | 'out_of_range' | 'past' | 'not_allowed' | 'common' | 'contains_email' | 'contains_service' | 'same_as_current' | 'used_before';
  }[];
  /** For clients of orion users: equal to `detail`. */
  readonly message: string;
  /** For clients of orion users: the `errors`, or else the `detail`. */
  readonly violations: readonly {
    readonly field?: string;
    readonly message: string;
  }[];
};
export type FormProviderLink = {
  readonly id: string;
  /** When it was made. */
  readonly createdAt: string;
  /** When a sign-in went through it last; null for never. */
  readonly lastUsedAt: string | null;
  readonly provider: 'google' | 'github' | 'microsoft';
};
export type FormRecoveryCodes = {
  /** Ten, each of which works once. They are shown once. */
  readonly codes: readonly string[];
};
export type FormSeedConfirmation = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** Six digits of the app, or a recovery code. */
  readonly code: string;
  /** As the login handed it out; where it is left out, the latest of the account from the IP address of the caller counts. */
  readonly challenge?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
  /** The password that the account has now. */
  readonly password?: string;
};
export type FormSession = {
  readonly id: string;
  /** When the login was. */
  readonly createdAt: string;
  /** When it was used last, to within a minute. */
  readonly lastUsedAt: string;
  /** When it ends by itself. */
  readonly expiresAt: string;
  /** The IP address that the login came from. */
  readonly remote: string;
  /** The User-Agent of the login exactly as it was sent: escape it before you show it. */
  readonly userAgent: string | null;
  /** How the login was proven; `pwd`: by a password. */
  readonly amr: readonly ('pwd' | 'otp' | 'recovery_code' | 'passkey' | 'security_key' | 'google' | 'github' | 'microsoft')[];
  /** Whether it is the one that asks. */
  readonly current: boolean;
};
export type FormShownSeed = {
  readonly uri: string;
  readonly secret: string;
  readonly challenge: string;
};
export type FormSignedOutPassword = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default. */
  readonly newPassword: string;
  /** Of the second factor, where the account has one: six digits, or a recovery code. */
  readonly code?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type FormUser = {
  /** The id of the user. */
  readonly hash: string;
  readonly name: string;
  /** In its canonical form: lower case, domain in ASCII. */
  readonly email: string;
  /** Whether somebody proved that mails to the address reach its owner. */
  readonly emailValid: boolean;
  /** Always null: nobody reads a secret here. */
  readonly secret2FA: null;
  /** Whether there are one-time codes as a second factor. */
  readonly using2FA: boolean;
  /** Whether a login with the password takes the second factor. */
  readonly require2FAForBasicLogin: boolean;
  /** Whether a login with a provider takes the second factor. */
  readonly require2FAForSocialLogin: boolean;
};
export type GivenCode = {
  /** The e-mail address of the account, in any spelling. */
  readonly email: string;
  /** The `code` of the link in the mail. */
  readonly code: string;
};
export type GivenCsrf = {
  /** The token. */
  readonly csrf: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type GivenFactor = {
  /** The `challenge` of the 403 that asked for the factor. */
  readonly challenge: string;
  /** Six digits of the app. */
  readonly totp?: string;
  /** A recovery code, in the place of `totp`; it works once. */
  readonly recovery_code?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type GivenKey = {
  /** The value of a key. */
  readonly key: string;
  /** The scopes that the key must all have. */
  readonly scopes?: readonly string[];
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type GivenRefreshToken = {
  readonly token: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type GivenToken = {
  readonly token: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type JsonProblem = {
  /** Relative: leads to the documentation of the server that answered. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** For people. */
  readonly detail: string;
  /** For programs; the list is closed. */
  readonly code: 'bad_request' | 'invalid_argument' | 'invalid_credentials' | 'invalid_one_time_token' | 'invalid_token' | 'invalid_cursor' | 'cursor_expired' | 'account_locked' | 'account_not_locked' | 'recent_change' | 'last_way_in' | 'address_not_proven' | 'unauthorized' | 'cross_site_request' | 'forbidden' | 'password_update_required' | 'second_factor_required' | 'factor_enrolment_required' | 'insufficient_user_authentication' | 'registration_closed' | 'root_key_required' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'idempotency_key_in_use' | 'payload_too_large' | 'unsupported_media_type' | 'idempotency_key_reused' | 'too_many_requests' | 'headers_too_large' | 'internal' | 'overloaded' | 'unavailable';
  /** Of a 500: the id of the request in the log. */
  readonly instance?: string;
  /** Where a second factor is missing: to be shown together with it, once. By itself it opens nothing. */
  readonly challenge?: string | null;
  /** Every argument that is refused, at once. */
  readonly errors?: readonly {
    /** The name that the argument was sent with. */
    readonly field: string;
    /** For people. */
    readonly message: string;
    /** Why the argument is refused, for programs; the list is closed. */
    readonly code: 'required' | 'unknown' | 'repeated' | 'malformed' | 'too_short' | 'too_long' | 'unusable' | 'exists' | 'out_of_range' | 'past' | 'not_allowed' | 'common' | 'contains_email' | 'contains_service' | 'same_as_current' | 'used_before';
  }[];
  /** For clients of mojzu/sso: `ValidationError` where arguments are refused, and otherwise `RedactedError`. */
  readonly error: 'ValidationError' | 'RedactedError';
  /** For clients of mojzu/sso: equal to `error`. */
  readonly message: 'ValidationError' | 'RedactedError';
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
  /** TOKEN lets the user log in to the service, KEY lets a program act for the user, and TOTP is the seed of one-time codes. */
  readonly type: 'KEY' | 'TOKEN' | 'TOTP';
  readonly name: string;
  /** null for a root key, which belongs to no service. */
  readonly service_id: string | null;
  /** null for a key that belongs to no user. */
  readonly user_id: string | null;
  /** The first eight characters of the value after `rku_`, `rks_` or `rkr_`, to tell keys apart; null for a TOTP key. */
  readonly prefix: string | null;
  /** The rights of the key, in words of the service: Rekey gives them no meaning. At most 50, each of 1 to 64 visible ASCII characters and given once. */
  readonly scopes: readonly string[];
  /** When the key stops working; null for never. */
  readonly expires_at: string | null;
  /** When the key was used last, within a minute of that; null for never. */
  readonly last_used_at: string | null;
};
export type KeyCreated = {
  readonly data: {
    readonly key: Key;
    /** The key itself: shown in this answer only. */
    readonly value: string;
  };
};
export type KeyDeleted = {

};
export type KeyRead = {
  readonly data: Key;
};
export type KeyRevoked = {
  /** The entry that `audit` asked for; null where it asked for none. */
  readonly audit: string | null;
};
export type KeyRotated = {
  readonly data: {
    readonly key: Key;
    /** The key itself: shown in this answer only. */
    readonly value: string;
  };
};
export type KeyUpdated = {
  readonly data: Key;
};
export type KeyVerified = {
  readonly user: User;
  readonly key: Key;
  /** The entry that `audit` asked for; null where it asked for none. */
  readonly audit: string | null;
};
export type KeysListed = {
  /** What the list was made by. */
  readonly meta: {
    /** Empty for all. */
    readonly id: readonly string[];
    /** null where it was not given. */
    readonly is_enabled: boolean | null;
    /** null where it was not given. */
    readonly is_revoked: boolean | null;
    /** Empty for all. */
    readonly type: readonly ('KEY' | 'TOKEN' | 'TOTP')[];
    /** Empty for all. */
    readonly service_id: readonly string[];
    /** Empty for all. */
    readonly user_id: readonly string[];
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
  };
  readonly data: readonly Key[];
};
export type Lock = {
  /** The `token` of the link in the mail. */
  readonly token: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type Locked = {
  /** The entry of your own that was asked for by `audit`; null where none was. */
  readonly audit: string | null;
  /** What was ended of the account. */
  readonly ended: {
    /** Sessions that were open, at all services. */
    readonly sessions: number;
    /** Keys of the types KEY and TOKEN, of all services. */
    readonly keys: number;
    /** Seeds of one-time codes. */
    readonly factors: number;
  };
};
export type LogOut = {
  /** An access or refresh token of the session. */
  readonly token: string;
  /** Whether all sessions of the user at this service end, and its devices become unknown. */
  readonly all?: boolean;
};
export type LoggedIn = {
  readonly meta: PasswordMeta;
  readonly user: User;
  readonly access: Token;
  readonly refresh: Token;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device: string;
};
export type NewAuditEntry = {
  /** A type of your own: 1 to 200 characters on one line that do not begin with `sso:` or `rekey:`. */
  readonly type: string;
  /** What the entry is about: 1 to 200 characters on one line. */
  readonly subject?: string;
  /** Anything that JSON has, at most 32 levels deep. */
  readonly data?: object;
  /** The user that it is about: what the entry says goes with the user. */
  readonly user_id?: string;
  /** The key that the user acted with. */
  readonly user_key_id?: string;
};
export type NewEmail = {
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** The password that the account has now. */
  readonly password: string;
  /** Another e-mail address than the current one, which no account has. */
  readonly new_email: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type NewKey = {
  /** TOKEN lets the user log in to the service, KEY lets a program act for the user, and TOTP is the seed of one-time codes. KEY unless given. */
  readonly type?: 'KEY' | 'TOKEN' | 'TOTP';
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** A key that is disabled cannot be used. `true` unless given. */
  readonly is_enabled?: boolean;
  /** The service that the key is of: with a root key, which must give it. */
  readonly service_id?: string;
  /** The user that the key is of. A root key leaves it out for a service key. */
  readonly user_id?: string;
  /** The rights of the key, in words of the service: Rekey gives them no meaning. At most 50, each of 1 to 64 visible ASCII characters and given once. */
  readonly scopes?: readonly string[];
  /** When the key stops working: RFC 3339, to come; never, unless given. */
  readonly expires_at?: string;
};
export type NewPasskey = {
  /** Has to be that of the user whom `User-Authorization` or the challenge proves. */
  readonly email?: string;
  /** The credential that the browser answered, as its `toJSON()` writes it (WebAuthn, 5.1). */
  readonly response: object;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
  /** What the owner calls the passkey: 1 to 100 characters on one line. */
  readonly device_name?: string;
  /** Of a login that was answered `factor_enrolment_required`, instead of `User-Authorization`. */
  readonly challenge?: string;
};
export type NewPasskeyAsked = {
  /** Has to be that of the user whom `User-Authorization` or the challenge proves. */
  readonly email?: string;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
  /** Of a login that was answered `factor_enrolment_required`, instead of `User-Authorization`. */
  readonly challenge?: string;
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
export type NewSeed = {
  /** Has to be the user whom `User-Authorization` or the challenge proves. */
  readonly user_id?: string;
  /** The `challenge` of a `factor_enrolment_required`, in the place of `User-Authorization`. */
  readonly challenge?: string;
  /** Six digits of the app. */
  readonly totp?: string;
  /** A recovery code, in the place of `totp`; it works once. */
  readonly recovery_code?: string;
};
export type NewService = {
  /** 1 to 100 characters on one line; mails show it. */
  readonly name: string;
  /** Where the service lives: http or https, without user and password. */
  readonly url: string;
  /** A service that is disabled can do nothing: its keys are refused, and the sessions of its users with them. */
  readonly is_enabled?: boolean;
  /** Whether people may register at the service by themselves. */
  readonly user_allow_register?: boolean;
  /** Text that mails of the service carry; empty for none. At most 1000 characters. */
  readonly user_email_text?: string;
  /** The page that links in mails lead to; where there is none, Rekey hosts it. Empty for none. */
  readonly provider_local_url?: string;
  /** The page that sign-ins with GitHub come back to. Empty for none. */
  readonly provider_github_oauth2_url?: string;
  /** The page that sign-ins with Microsoft come back to. Empty for none. */
  readonly provider_microsoft_oauth2_url?: string;
  /** The page that sign-ins with Google come back to. Empty for none. */
  readonly provider_google_oauth2_url?: string;
  /** Whether the service lists, reads and changes all users. */
  readonly sees_all_users?: boolean;
  /** Whether owners open again by themselves the accounts that they locked. */
  readonly owner_recovery?: boolean;
  /** Whether a login takes a second factor. */
  readonly require_factor?: boolean;
  /** Whether owners are mailed about a login from a new device. */
  readonly new_device_mail?: boolean;
  /** The place where people find help: https, or `mailto:` and an address. Empty for that of the server. */
  readonly support_url?: string;
};
export type NewUser = {
  /** A user that is disabled can do nothing, and has no session. `true` unless given. */
  readonly is_enabled?: boolean;
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
  /** Whether the owner may ask for a new password. `true` unless given. */
  readonly password_allow_reset?: boolean;
  /** `true` makes a right login 403 until the password is changed. */
  readonly password_require_update?: boolean;
  /** What your service keeps with the user: a flat object of strings, numbers, booleans and nulls, 4 KiB of JSON at most. No other service sees it; a root key sees that of the service that made the user. */
  readonly attributes?: object;
  /** Whether the user gets a TOKEN key of your service along, and so can log in there. Not with a root key. */
  readonly token_key?: boolean;
  /** Whether the user is mailed a link to choose a password. Not together with `password`. */
  readonly invite?: boolean;
};
export type NewWebhook = {
  /** Where to: https, on port 443 or one from 1024, outside of private networks. Whoever knows it can send there, but nothing that is signed. */
  readonly url: string;
  /** The types of events to be called with; empty for all. */
  readonly types?: readonly ('user.created' | 'user.updated' | 'user.deleted' | 'user.disabled' | 'user.locked' | 'user.recovered' | 'user.adopted' | 'password.changed' | 'password.reset' | 'email.validated' | 'email.changed' | 'factor.added' | 'factor.removed' | 'session.started' | 'session.ended' | 'token.theft' | 'key.created' | 'key.updated' | 'key.rotated' | 'key.revoked' | 'key.expiring' | 'throttle.reached' | 'service.disabled' | 'service.deleted' | 'webhook.disabled')[];
  /** Up to 100 characters on one line; empty for none. */
  readonly description?: string;
  /** The service that the webhook is of: with a root key, which must give it. */
  readonly service_id?: string;
};
export type NoticeRead = {
  readonly data: {
    /** The `type` of the link. */
    readonly type: 'update_password' | 'factor_change' | 'register' | 'register_confirm' | 'reset_password' | 'reset_password_confirm' | 'update_email' | 'validate_email' | 'invite' | 'new_device' | 'recover' | 'key_expiring' | 'account_deleted';
    /** When it happened that the mail is about. */
    readonly created_at: string;
    /** The account: the address that it had then. */
    readonly email: string;
    /** The address that the account has since, in part; null where the mail is about something else. */
    readonly new_email: string | null;
    /** The name of the key that the mail is about, as its maker gave it: escape it before you show it. null where it is about none. */
    readonly key_name: string | null;
    /** The `prefix` of that key. */
    readonly key_prefix: string | null;
    /** When that key expires; null for never. */
    readonly key_expires_at: string | null;
    /** The address of the client that did it; empty where it was the operator. */
    readonly remote: string;
    /** As that client named itself: not to be shown as it is. null where it did not. */
    readonly user_agent: string | null;
    /** Of the person: a BCP 47 tag. */
    readonly locale: string;
    /** Of the person: an IANA zone. */
    readonly timezone: string;
  };
};
export type Passkey = {
  /** The id of the passkey. */
  readonly id: string;
  /** As its owner calls it. */
  readonly name: string;
  /** When it was made. */
  readonly created_at: string;
  /** When it logged in last; null for never. */
  readonly last_used_at: string | null;
  /** The ways to reach its authenticator, as the browser named them. */
  readonly transports: readonly string[];
  /** Whether it can be synced to other devices. */
  readonly is_backup_eligible: boolean;
  /** Whether it was synced when it was used last. */
  readonly is_backed_up: boolean;
  /** Whether its authenticator verified the person: then a login with it counts as two factors. */
  readonly is_user_verified: boolean;
};
export type PasskeyAdded = {
  readonly data: Passkey;
};
export type PasskeyAsked = {
  /** The account; any that a passkey of the browser is of where it is left out. */
  readonly email?: string;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
};
export type PasskeyLogin = {
  /** As at the start. */
  readonly email?: string;
  /** The credential that the browser answered, as its `toJSON()` writes it (WebAuthn, 5.1). */
  readonly response: object;
  /** The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end. */
  readonly origin?: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type PasskeyQuestion = {
  /** For `navigator.credentials`, as `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read it. */
  readonly options: object;
  /** The challenge in the options. It is good once, for five minutes. */
  readonly challenge: string;
};
export type PasskeyRemoved = {

};
export type PasskeysListed = {
  readonly data: readonly Passkey[];
};
export type PasswordChecked = {
  readonly meta: PasswordMeta;
  /** All that `PASSWORD_POLICY` has against it; empty where it could be set. */
  readonly errors: readonly {
    /** The name that the argument was sent with. */
    readonly field: string;
    /** For people. */
    readonly message: string;
    /** Why the argument is refused, for programs; the list is closed. */
    readonly code: 'required' | 'unknown' | 'repeated' | 'malformed' | 'too_short' | 'too_long' | 'unusable' | 'exists' | 'out_of_range' | 'past' | 'not_allowed' | 'common' | 'contains_email' | 'contains_service' | 'same_as_current' | 'used_before';
  }[];
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
  readonly code: 'bad_request' | 'invalid_argument' | 'invalid_credentials' | 'invalid_one_time_token' | 'invalid_token' | 'invalid_cursor' | 'cursor_expired' | 'account_locked' | 'account_not_locked' | 'recent_change' | 'last_way_in' | 'address_not_proven' | 'unauthorized' | 'cross_site_request' | 'forbidden' | 'password_update_required' | 'second_factor_required' | 'factor_enrolment_required' | 'insufficient_user_authentication' | 'registration_closed' | 'root_key_required' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'idempotency_key_in_use' | 'payload_too_large' | 'unsupported_media_type' | 'idempotency_key_reused' | 'too_many_requests' | 'headers_too_large' | 'internal' | 'overloaded' | 'unavailable';
  /** Of a 500: the id of the request in the log. */
  readonly instance?: string;
  /** Where a second factor is missing: to be shown together with it, once. By itself it opens nothing. */
  readonly challenge?: string | null;
  /** Every argument that is refused, at once. */
  readonly errors?: readonly {
    /** The name that the argument was sent with. */
    readonly field: string;
    /** For people. */
    readonly message: string;
    /** Why the argument is refused, for programs; the list is closed. */
    readonly code: 'required' | 'unknown' | 'repeated' | 'malformed' | 'too_short' | 'too_long' | 'unusable' | 'exists' | 'out_of_range' | 'past' | 'not_allowed' | 'common' | 'contains_email' | 'contains_service' | 'same_as_current' | 'used_before';
  }[];
};
export type ProvenAgain = {
  /** An access token of the session. */
  readonly token: string;
  /** The password that the account has now. */
  readonly password?: string;
  /** Six digits of the app. */
  readonly totp?: string;
  /** A recovery code, in the place of `totp`; it works once. */
  readonly recovery_code?: string;
};
export type ProvenChange = {
  /** The user whom `User-Authorization` proves. */
  readonly user_id: string;
  /** Six digits of the app. */
  readonly totp?: string;
  /** A recovery code, in the place of `totp`; it works once. */
  readonly recovery_code?: string;
};
export type ProviderLink = {
  /** The id of the link. */
  readonly id: string;
  /** When it was made. */
  readonly created_at: string;
  /** When a sign-in went through it last; null for never. */
  readonly last_used_at: string | null;
  /** The user whose account it opens. */
  readonly user_id: string;
  readonly provider: 'google' | 'github' | 'microsoft';
  /** The system of the provider that knows the person. */
  readonly issuer: string;
  /** The id of the person there. */
  readonly subject: string;
};
export type ProviderLinked = {
  readonly data: ProviderLink;
};
export type ProviderLinks = {
  readonly data: readonly ProviderLink[];
};
export type ProviderUnlinked = {

};
export type ProviderUrl = {
  /** The page of the provider to send the person to. */
  readonly url: string;
};
export type RecoveryConfirmed = {
  readonly meta: PasswordMeta;
};
export type Registration = {
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** A BCP 47 tag: the language of the mails; `en` unless given. */
  readonly locale?: string;
  /** An IANA zone: the clock of the mails; `Etc/UTC` unless given. */
  readonly timezone?: string;
};
export type RegistrationAsked = {

};
export type RegistrationConfirmed = {
  readonly meta: PasswordMeta;
};
export type Replay = {
  /** Events that happened before are left out. RFC 3339. */
  readonly from: string;
  /** Events that happened after are left out. RFC 3339. */
  readonly to: string;
};
export type ResetAsked = {

};
export type RevocationsFollowed = {
  readonly data: readonly Event[];
  /** The `after` of the next question, whether or not there was anything. */
  readonly next: string;
  /** Everything that was committed until then is among what was answered so far; null where there is more to ask for. */
  readonly complete_until: string | null;
};
export type RevokedKey = {
  /** The value of a key. */
  readonly key: string;
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type RotatedKey = {
  /** For how many seconds the value until now works as well: 0 to 604800; 0 unless given, and always 0 for a TOTP key. */
  readonly overlap_s?: number;
};
export type SeedConfirmation = {
  /** Has to be the user whom `User-Authorization` or the challenge proves. */
  readonly user_id?: string;
  /** The `challenge` of a `factor_enrolment_required`, in the place of `User-Authorization`. */
  readonly challenge?: string;
  /** Six digits. */
  readonly totp: string;
};
export type SeedConfirmed = {
  /** Ten, each of which works once in the place of `totp`. They are shown once. */
  readonly recovery_codes: readonly string[];
  readonly login?: LoggedIn;
};
export type SeedRemoved = {

};
export type Service = {
  /** The id of the service. */
  readonly id: string;
  /** When the service was registered. */
  readonly created_at: string;
  /** When the service was changed last. */
  readonly updated_at: string;
  /** A service that is disabled can do nothing: its keys are refused, and the sessions of its users with them. */
  readonly is_enabled: boolean;
  readonly name: string;
  /** Where the service lives. */
  readonly url: string;
  /** Whether people may register at the service by themselves. */
  readonly user_allow_register: boolean;
  /** Text that mails of the service carry; empty for none. */
  readonly user_email_text: string;
  /** The page that links in mails lead to; where there is none, Rekey hosts it. */
  readonly provider_local_url: string | null;
  /** The page that sign-ins with GitHub come back to. */
  readonly provider_github_oauth2_url: string | null;
  /** The page that sign-ins with Microsoft come back to. */
  readonly provider_microsoft_oauth2_url: string | null;
  /** The page that sign-ins with Google come back to. */
  readonly provider_google_oauth2_url: string | null;
  /** Whether the service lists, reads and changes all users. */
  readonly sees_all_users: boolean;
  /** Whether owners open again by themselves the accounts that they locked. */
  readonly owner_recovery: boolean;
  /** Whether a login takes a second factor. */
  readonly require_factor: boolean;
  /** Whether owners are mailed about a login from a new device. */
  readonly new_device_mail: boolean;
  /** The place where people find help: https, or `mailto:` and an address. */
  readonly support_url: string | null;
};
export type ServiceCreated = {
  readonly data: Service;
};
export type ServiceDeleted = {

};
export type ServiceRead = {
  readonly data: Service;
};
export type ServiceUpdated = {
  readonly data: Service;
};
export type ServicesListed = {
  /** What the list was made by. */
  readonly meta: {
    /** Empty for all. */
    readonly id: readonly string[];
    /** null where it was not given. */
    readonly is_enabled: boolean | null;
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
  };
  readonly data: readonly Service[];
};
export type Session = {
  /** The id of the session. */
  readonly id: string;
  /** When the user logged in. */
  readonly created_at: string;
  /** When a token of it was refreshed or verified last: within a minute of that. */
  readonly last_used_at: string;
  /** When it ends by itself. A refresh puts the end off. */
  readonly expires_at: string;
  /** The user who logged in. */
  readonly user_id: string;
  /** The service that the user logged in to. */
  readonly service_id: string;
  /** The TOKEN key that it rests on. */
  readonly key_id: string;
  /** The IP address that the login came from. */
  readonly remote: string;
  /** The User-Agent of the login exactly as it was sent: escape it before you show it. */
  readonly user_agent: string | null;
  /** How the user proved who it is; `pwd`: by a password. */
  readonly amr: readonly ('pwd' | 'otp' | 'recovery_code' | 'passkey' | 'security_key' | 'google' | 'github' | 'microsoft')[];
};
export type SessionEnded = {

};
export type SessionsEnded = {
  /** How many sessions were open. */
  readonly ended: number;
};
export type SessionsListed = {
  /** What the list was made by. */
  readonly meta: {
    /** Empty for all. */
    readonly user_id: readonly string[];
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
  };
  readonly data: readonly Session[];
};
export type ShownSeed = {
  /** What an app reads from the QR code. */
  readonly uri: string;
  /** The seed in base32, to be typed. */
  readonly secret: string;
  /** The QR code: a PNG in base64. */
  readonly png: string;
};
export type SignUp = {
  /** 1 to 100 characters on one line. */
  readonly name: string;
  /** An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII). */
  readonly email: string;
  /** A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default. */
  readonly password: string;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device?: string;
};
export type SignedInWithProvider = {
  readonly user: User;
  readonly access: Token;
  readonly refresh: Token;
  /** Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over. */
  readonly device: string;
  /** The entry of your own that was asked for by `audit`; null where none was. */
  readonly audit: string | null;
};
export type SteppedUp = {
  readonly user: User;
  readonly access: Token;
  /** How the user proved who it is; `pwd`: by a password. */
  readonly amr: readonly ('pwd' | 'otp' | 'recovery_code' | 'passkey' | 'security_key' | 'google' | 'github' | 'microsoft')[];
  /** `aal2`: with two factors, `aal1`: with one (NIST SP 800-63B). */
  readonly acr: 'aal1' | 'aal2';
  /** When the user proved something last. Seconds since 1970. */
  readonly auth_time: number;
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
  /** The entry of your own that was asked for by `audit`; null where none was. */
  readonly audit: string | null;
};
export type TokenVerified = {
  readonly user: User;
  readonly access: Token;
  /** How the user proved who it is; `pwd`: by a password. */
  readonly amr: readonly ('pwd' | 'otp' | 'recovery_code' | 'passkey' | 'security_key' | 'google' | 'github' | 'microsoft')[];
  /** `aal2`: with two factors, `aal1`: with one (NIST SP 800-63B). */
  readonly acr: 'aal1' | 'aal2';
  /** When the user proved something last. Seconds since 1970. */
  readonly auth_time: number;
  /** The entry of your own that was asked for by `audit`; null where none was. */
  readonly audit: string | null;
};
export type User = {
  /** The id of the user. */
  readonly id: string;
  /** When the user was created. */
  readonly created_at: string;
  /** When the user was changed last. */
  readonly updated_at: string;
  /** A user that is disabled can do nothing, and has no session. */
  readonly is_enabled: boolean;
  readonly name: string;
  /** In its canonical form: lower case, domain in ASCII. */
  readonly email: string;
  /** Whether somebody proved that mails to the address reach the owner. */
  readonly email_valid: boolean;
  /** A BCP 47 tag. */
  readonly locale: string;
  /** An IANA zone. */
  readonly timezone: string;
  /** Whether the owner may ask for a new password. */
  readonly password_allow_reset: boolean;
  /** Whether the password must be changed first. */
  readonly password_require_update: boolean;
  /** Whether the owner locked the account with the link of a mail. */
  readonly is_locked: boolean;
  /** null where there was no login yet. */
  readonly last_login_at: string | null;
  /** What your service keeps with the user: a flat object of strings, numbers, booleans and nulls, 4 KiB of JSON at most. No other service sees it; a root key sees that of the service that made the user. */
  readonly attributes: object;
};
export type UserCreated = {
  readonly meta: PasswordMeta;
  readonly data: User;
};
export type UserDeleted = {

};
export type UserExported = {
  readonly data: {
    readonly user: User;
    /** What services keep with the user. */
    readonly attributes: readonly {
      /** null for what the operator keeps. */
      readonly service_id: string | null;
      /** What your service keeps with the user: a flat object of strings, numbers, booleans and nulls, 4 KiB of JSON at most. No other service sees it; a root key sees that of the service that made the user. */
      readonly attributes: object;
    }[];
    /** Passkeys, without their keys. */
    readonly passkeys: readonly Passkey[];
    /** Keys, without their values. */
    readonly keys: readonly Key[];
    /** Accounts at providers that open the account. */
    readonly provider_links: readonly ProviderLink[];
    /** Second factors that are typed, without any secret. */
    readonly factors: readonly {
      readonly kind: 'totp' | 'recovery_codes';
      /** When it was enrolled; null for recovery codes. */
      readonly created_at: string | null;
      /** When a code of it was taken last. */
      readonly last_used_at: string | null;
      /** How many recovery codes are left; else null. */
      readonly left: number | null;
    }[];
    readonly sessions: readonly ExportedSession[];
    /** Mails, and what became of their links. */
    readonly mails: readonly ExportedMail[];
    /** What the audit says about the user. */
    readonly audit: readonly AuditEntry[];
  };
};
export type UserRead = {
  readonly data: User;
};
export type UserRecovered = {

};
export type UserUpdated = {
  readonly data: User;
};
export type UsersListed = {
  /** What the list was made by. */
  readonly meta: {
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** null where it was not given. */
    readonly order: string | null;
    /** null where it was not given. */
    readonly after: string | null;
    /** null where it was not given. */
    readonly name_ge: string | null;
    /** null where it was not given. */
    readonly name_le: string | null;
    /** null where it was not given. */
    readonly offset_id: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
    /** Empty for all. */
    readonly id: readonly string[];
    /** Empty for all. */
    readonly email: readonly string[];
    /** null where it was not given. */
    readonly is_enabled: boolean | null;
    /** null where it was not given. */
    readonly search: string | null;
  };
  readonly data: readonly User[];
  /** Of a list by id: the `after` of the next page, in the order that was asked for; null on the last one. A list by name goes on with the name and the id of the last row. */
  readonly next: string | null;
};
export type ValidationSent = {

};
export type VerifiedToken = {
  readonly token: string;
  /** Seconds that may have passed since the user proved something. Beyond them the answer is 403 `insufficient_user_authentication`: let the user prove itself again. */
  readonly max_age?: number;
  /** The levels that are enough; where none is reached, the answer is that 403. */
  readonly acr_values?: readonly ('aal1' | 'aal2')[];
  /** The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`. */
  readonly audit?: string;
};
export type Webhook = {
  /** The id of the webhook. */
  readonly id: string;
  /** When it was registered. */
  readonly created_at: string;
  /** When it was changed last. */
  readonly updated_at: string;
  /** The service that it is of. */
  readonly service_id: string;
  /** Where to. */
  readonly url: string;
  /** The types of events to be called with; empty for all. */
  readonly types: readonly ('user.created' | 'user.updated' | 'user.deleted' | 'user.disabled' | 'user.locked' | 'user.recovered' | 'user.adopted' | 'password.changed' | 'password.reset' | 'email.validated' | 'email.changed' | 'factor.added' | 'factor.removed' | 'session.started' | 'session.ended' | 'token.theft' | 'key.created' | 'key.updated' | 'key.rotated' | 'key.revoked' | 'key.expiring' | 'throttle.reached' | 'service.disabled' | 'service.deleted' | 'webhook.disabled')[];
  /** Up to 100 characters on one line; empty for none. */
  readonly description: string;
  /** A webhook that is disabled is not called. */
  readonly is_enabled: boolean;
  /** Since when it has been disabled: by its service, by the operator, or because an event failed there for three days. null while it is enabled. */
  readonly disabled_at: string | null;
  /** Until when calls have the signature of the secret before the last rotation as well; null where there was none. */
  readonly overlap_ends_at: string | null;
};
export type WebhookCreated = {
  readonly data: Webhook;
  /** What calls are signed with, as Standard Webhooks 1.0 says: shown in this answer only. */
  readonly secret: string;
};
export type WebhookDeleted = {

};
export type WebhookDeliveriesListed = {
  /** What the list was made by. */
  readonly meta: {
    /** null where it was not given. */
    readonly state: string | null;
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
  };
  readonly data: readonly WebhookDelivery[];
};
export type WebhookDelivery = {
  /** The id of the event, and `webhook-id` of each call with it. */
  readonly id: string;
  readonly type: 'user.created' | 'user.updated' | 'user.deleted' | 'user.disabled' | 'user.locked' | 'user.recovered' | 'user.adopted' | 'password.changed' | 'password.reset' | 'email.validated' | 'email.changed' | 'factor.added' | 'factor.removed' | 'session.started' | 'session.ended' | 'token.theft' | 'key.created' | 'key.updated' | 'key.rotated' | 'key.revoked' | 'key.expiring' | 'throttle.reached' | 'service.disabled' | 'service.deleted' | 'webhook.disabled';
  /** When the event happened. */
  readonly created_at: string;
  /** The user that the event is about. */
  readonly user_id: string | null;
  /** `waiting`: it was not answered with 2xx yet. */
  readonly state: 'waiting' | 'delivered';
  /** How many calls were made. */
  readonly attempts: number;
  /** When the next call is due; null where it is delivered, and while an earlier event of its user is not. */
  readonly due_at: string | null;
  /** When it was answered with 2xx. */
  readonly delivered_at: string | null;
  /** Why the last call failed: `status`, `redirect`, `timeout`, `unresolved`, `refused_address`, `unreachable`, `tls`, `closed`, `malformed`; null where it was answered with 2xx, and before the first one. */
  readonly error: 'status' | 'redirect' | 'timeout' | 'unresolved' | 'refused_address' | 'unreachable' | 'tls' | 'closed' | 'malformed' | 'null';
  /** The status of the last answer; null where none came. */
  readonly status: number | null;
  /** How many milliseconds the last call took. */
  readonly duration_ms: number | null;
};
export type WebhookRead = {
  readonly data: Webhook;
};
export type WebhookReplayed = {

};
export type WebhookRotated = {
  readonly data: Webhook;
  /** What calls are signed with, as Standard Webhooks 1.0 says: shown in this answer only. */
  readonly secret: string;
};
export type WebhookTested = {
  readonly data: {
    /** Whether it was answered with 2xx. */
    readonly is_delivered: boolean;
    /** Why the last call failed: `status`, `redirect`, `timeout`, `unresolved`, `refused_address`, `unreachable`, `tls`, `closed`, `malformed`; null where it was answered with 2xx, and before the first one. */
    readonly error: 'status' | 'redirect' | 'timeout' | 'unresolved' | 'refused_address' | 'unreachable' | 'tls' | 'closed' | 'malformed' | 'null';
    /** The status of the last answer; null where none came. */
    readonly status: number | null;
    /** How many milliseconds the last call took. */
    readonly duration_ms: number | null;
  };
};
export type WebhookUpdated = {
  readonly data: Webhook;
};
export type WebhooksListed = {
  /** What the list was made by. */
  readonly meta: {
    /** Empty for all. */
    readonly service_id: readonly string[];
    /** null where it was not given. */
    readonly gt: string | null;
    /** null where it was not given. */
    readonly lt: string | null;
    /** How many rows there are at most. */
    readonly limit: number;
  };
  readonly data: readonly Webhook[];
};
/** A method for each call. */
export type Api = {
  /** Create a user. */
  createUser(input: NewUser, call?: Call): Promise<UserCreated>;
  /** List the users. */
  listUsers(input?: {
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
    readonly order?: 'asc' | 'desc';
    readonly after?: string;
    readonly name_ge?: string;
    readonly name_le?: string;
    readonly offset_id?: string;
    readonly id?: readonly string[];
    readonly email?: readonly string[];
    readonly is_enabled?: string;
    readonly search?: string;
  }, call?: Call): Promise<UsersListed>;
  /** Read a user. */
  readUser(input: {
    readonly id: string;
  }, call?: Call): Promise<UserRead>;
  /** Change a user. */
  updateUser(input: ChangedUser & {
    readonly id: string;
  }, call?: Call): Promise<UserUpdated>;
  /** Delete a user. */
  deleteUser(input: {
    readonly id: string;
  }, call?: Call): Promise<UserDeleted>;
  /** Export a user. */
  exportUser(input: {
    readonly id: string;
  }, call?: Call): Promise<UserExported>;
  /** Create a key. */
  createKey(input: NewKey, call?: Call): Promise<KeyCreated>;
  /** List keys. */
  listKeys(input?: {
    readonly id?: readonly string[];
    readonly is_enabled?: string;
    readonly is_revoked?: string;
    readonly type?: readonly string[];
    readonly service_id?: readonly string[];
    readonly user_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): Promise<KeysListed>;
  /** Read a key. */
  readKey(input: {
    readonly id: string;
    readonly user_id?: string;
  }, call?: Call): Promise<KeyRead>;
  /** Change a key. */
  updateKey(input: ChangedKey & {
    readonly id: string;
  }, call?: Call): Promise<KeyUpdated>;
  /** Delete a key. */
  deleteKey(input: {
    readonly id: string;
    readonly user_id?: string;
  }, call?: Call): Promise<KeyDeleted>;
  /** Give a key another value. */
  rotateKey(input: RotatedKey & {
    readonly id: string;
  }, call?: Call): Promise<KeyRotated>;
  /** Find out which user a KEY is of. */
  verifyKey(input: GivenKey, call?: Call): Promise<KeyVerified>;
  /** Take a key back by its value. */
  revokeKey(input: RevokedKey, call?: Call): Promise<KeyRevoked>;
  /** Register a service. */
  createService(input: NewService, call?: Call): Promise<ServiceCreated>;
  /** List the services. */
  listServices(input?: {
    readonly id?: readonly string[];
    readonly is_enabled?: string;
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): Promise<ServicesListed>;
  /** Read a service. */
  readService(input: {
    readonly id: string;
  }, call?: Call): Promise<ServiceRead>;
  /** Change a service. */
  updateService(input: ChangedService & {
    readonly id: string;
  }, call?: Call): Promise<ServiceUpdated>;
  /** Delete a service. */
  deleteService(input: {
    readonly id: string;
  }, call?: Call): Promise<ServiceDeleted>;
  /** Log a user in. */
  login(input: Credentials, call?: Call): Promise<LoggedIn>;
  /** Go on with a login that asked for a second factor. */
  loginFactor(input: GivenFactor, call?: Call): Promise<LoggedIn>;
  /** Let a user prove itself again in a session. */
  stepUp(input: ProvenAgain, call?: Call): Promise<SteppedUp>;
  /** Find out which user an access token stands for. */
  verifyToken(input: VerifiedToken, call?: Call): Promise<TokenVerified>;
  /** Trade a refresh token for new tokens. */
  refreshToken(input: GivenRefreshToken, call?: Call): Promise<TokenRefreshed>;
  /** Take a token back, with the TOKEN key that it was issued under. */
  revokeToken(input: GivenToken, call?: Call): Promise<Audited>;
  /** Log a user out. */
  logOut(input: LogOut, call?: Call): Promise<SessionEnded>;
  /** List the sessions that are open. */
  listSessions(input?: {
    readonly user_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): Promise<SessionsListed>;
  /** Log a user out everywhere. */
  endSessions(input: {
    readonly user_id: string;
    readonly service_id?: string;
  }, call?: Call): Promise<SessionsEnded>;
  /** End a session. */
  endSession(input: {
    readonly id: string;
  }, call?: Call): Promise<SessionEnded>;
  /** Find out whether a password could be set. */
  checkPassword(input: CheckedPassword, call?: Call): Promise<PasswordChecked>;
  /** Change the password of a user. */
  updatePassword(input: NewPassword, call?: Call): Promise<PasswordUpdated>;
  /** Ask for a mail with which a user sets a new password. */
  requestReset(input: AskedReset, call?: Call): Promise<ResetAsked>;
  /** Set a password with the token of the mail. */
  confirmReset(input: ConfirmedReset, call?: Call): Promise<PasswordUpdated>;
  /** Change the e-mail address of a user. */
  updateEmail(input: NewEmail, call?: Call): Promise<EmailUpdated>;
  /** Mail a user a link that proves the address. */
  sendValidationTo(input: {

  } & {
    readonly id: string;
  }, call?: Call): Promise<ValidationSent>;
  /** Send a person to a provider to sign in. */
  beginProviderSignIn(input: {
    readonly provider: string;
    readonly binding?: string;
  }, call?: Call): Promise<ProviderUrl>;
  /** Let a person in who came back from a provider. */
  signInWithProvider(input: CameBackFromProvider & {
    readonly provider: string;
  }, call?: Call): Promise<SignedInWithProvider>;
  /** Send a person to a provider to link the account there. */
  beginProviderLink(input: {
    readonly provider: string;
    readonly binding?: string;
  }, call?: Call): Promise<ProviderUrl>;
  /** Link the account of a person who came back from a provider. */
  linkProvider(input: CameBackToLink & {
    readonly provider: string;
  }, call?: Call): Promise<ProviderLinked>;
  /** List the accounts at providers that open the account of a user. */
  listProviderLinks(input?: undefined, call?: Call): Promise<ProviderLinks>;
  /** Unlink an account at a provider. */
  unlinkProvider(input: {
    readonly id: string;
  }, call?: Call): Promise<ProviderUnlinked>;
  /** Lock the account with the token of a mail. */
  revokeRegister(input: Lock, call?: Call): Promise<Locked>;
  /** Lock the account with the token of a mail. */
  revokeResetPassword(input: Lock, call?: Call): Promise<Locked>;
  /** Lock the account with the token of a mail. */
  revokeUpdateEmail(input: Lock, call?: Call): Promise<Locked>;
  /** Lock the account with the token of a mail. */
  revokeUpdatePassword(input: Lock, call?: Call): Promise<Locked>;
  /** Mail the owner of a locked account the way back. */
  recoverUser(input: {

  } & {
    readonly id: string;
  }, call?: Call): Promise<UserRecovered>;
  /** Take a locked account back with the token of the mail. */
  confirmRecovery(input: ConfirmedRecovery, call?: Call): Promise<RecoveryConfirmed>;
  /** Find out what a mailed link is about. */
  readNotice(input: {
    readonly token: string;
  }, call?: Call): Promise<NoticeRead>;
  /** Ask for a mail with which somebody registers. */
  register(input: Registration, call?: Call): Promise<RegistrationAsked>;
  /** Make the account with the token of the mail. */
  confirmRegistration(input: ConfirmedRegistration, call?: Call): Promise<RegistrationConfirmed>;
  /** Prove an e-mail address with the token of the mail. */
  validateEmail(input: ConfirmedEmail, call?: Call): Promise<EmailConfirmed>;
  /** Verify a one-time code. */
  verifyTotp(input: GivenCode, call?: Call): Promise<Audited>;
  /** Show a user a new seed of one-time codes. */
  enrolTotp(input?: NewSeed, call?: Call): Promise<ShownSeed>;
  /** Make the seed a second factor. */
  confirmTotp(input: SeedConfirmation, call?: Call): Promise<SeedConfirmed>;
  /** Remove the one-time codes of a user, and the recovery codes. */
  removeTotp(input: ProvenChange, call?: Call): Promise<SeedRemoved>;
  /** Give a user new recovery codes. */
  renewRecoveryCodes(input: ProvenChange, call?: Call): Promise<CodesRenewed>;
  /** Ask a browser to make a passkey. */
  startPasskey(input?: NewPasskeyAsked, call?: Call): Promise<PasskeyQuestion>;
  /** Add the passkey that a browser made. */
  addPasskey(input: NewPasskey, call?: Call): Promise<PasskeyAdded>;
  /** Ask a browser for a passkey, to log in with. */
  askForPasskey(input?: PasskeyAsked, call?: Call): Promise<PasskeyQuestion>;
  /** Log a user in with a passkey. */
  logInWithPasskey(input: PasskeyLogin, call?: Call): Promise<LoggedIn>;
  /** List the passkeys of a user. */
  listPasskeys(input?: undefined, call?: Call): Promise<PasskeysListed>;
  /** Remove a passkey of a user. */
  removePasskey(input: {
    readonly id: string;
  }, call?: Call): Promise<PasskeyRemoved>;
  /** Make a token for a form. */
  createCsrfToken(input?: {
    readonly expires_s?: string;
  }, call?: Call): Promise<CsrfCreated>;
  /** Spend a token of a form. */
  verifyCsrfToken(input: GivenCsrf, call?: Call): Promise<CsrfVerified>;
  /** List entries of the audit. */
  listAudit(input?: {
    readonly ge?: string;
    readonly le?: string;
    readonly limit?: string;
    readonly offset_id?: string;
    readonly id?: readonly string[];
    readonly type?: readonly string[];
    readonly subject?: readonly string[];
    readonly service_id?: readonly string[];
    readonly user_id?: readonly string[];
    readonly order?: 'asc' | 'desc';
    readonly after?: string;
  }, call?: Call): Promise<AuditListed>;
  /** Add an entry of your own to the audit. */
  createAuditEntry(input: NewAuditEntry, call?: Call): Promise<AuditRead>;
  /** Read an entry of the audit. */
  readAuditEntry(input: {
    readonly id: string;
    readonly subject?: string;
  }, call?: Call): Promise<AuditRead>;
  /** Add to an entry of your own what it does not say yet. */
  amendAuditEntry(input: AuditEntryAmendment & {
    readonly id: string;
  }, call?: Call): Promise<AuditRead>;
  /** Follow what happened to the users of a service. */
  followEvents(input?: {
    readonly after?: string;
    readonly since_s?: string;
    readonly limit?: string;
    readonly wait_s?: string;
    readonly types?: readonly string[];
    readonly service_id?: string;
  }, call?: Call): Promise<EventsFollowed>;
  /** Follow what ends trust. */
  followRevocations(input?: {
    readonly after?: string;
    readonly since_s?: string;
    readonly limit?: string;
    readonly wait_s?: string;
    readonly types?: readonly string[];
    readonly service_id?: string;
    readonly heartbeat_ms?: string;
  }, call?: Call): Promise<RevocationsFollowed>;
  /** Register a webhook. */
  createWebhook(input: NewWebhook, call?: Call): Promise<WebhookCreated>;
  /** List webhooks. */
  listWebhooks(input?: {
    readonly service_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): Promise<WebhooksListed>;
  /** Read a webhook. */
  readWebhook(input: {
    readonly id: string;
  }, call?: Call): Promise<WebhookRead>;
  /** Change a webhook, disable or enable it. */
  updateWebhook(input: ChangedWebhook & {
    readonly id: string;
  }, call?: Call): Promise<WebhookUpdated>;
  /** Delete a webhook. */
  deleteWebhook(input: {
    readonly id: string;
  }, call?: Call): Promise<WebhookDeleted>;
  /** Give a webhook another secret. */
  rotateWebhook(input: {
    readonly id: string;
  }, call?: Call): Promise<WebhookRotated>;
  /** Call a webhook with a test. */
  testWebhook(input: {
    readonly id: string;
  }, call?: Call): Promise<WebhookTested>;
  /** Call a webhook again with the events of a while. */
  replayWebhook(input: Replay & {
    readonly id: string;
  }, call?: Call): Promise<WebhookReplayed>;
  /** List what became of the events of a webhook. */
  listWebhookDeliveries(input: {
    readonly id: string;
    readonly state?: string;
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): Promise<WebhookDeliveriesListed>;
  /** Sign up. */
  signUp(input: SignUp, call?: Call): Promise<FormUser>;
  /** Sign up and log in. */
  signUpAndSignIn(input: SignUp, call?: Call): Promise<FormLogin>;
  /** Read the own account. */
  readOwnAccount(input?: undefined, call?: Call): Promise<FormUser>;
  /** Change the own name, address and password. */
  changeAccount(input: FormChange, call?: Call): Promise<FormLoggedIn>;
  /** Change the own e-mail address. */
  changeEmail(input: FormNewEmail, call?: Call): Promise<string>;
  /** Delete the own account. */
  deleteAccount(input: FormDeletion, call?: Call): Promise<boolean>;
  /** Delete the own account, with its fields in the body or in the query. */
  removeAccount(input?: {
    /** The e-mail address of the account, in any spelling. */
    readonly email?: string;
    /** The password of the own account; admins may leave it out. */
    readonly password?: string;
  }, call?: Call): Promise<void>;
  /** List the accounts of the built-in service. */
  listAccounts(input?: {
    readonly limit?: string;
    readonly after?: string;
  }, call?: Call): Promise<readonly FormUser[]>;
  /** Find an account of the built-in service by its address. */
  findAccount(input: {
    readonly email: string;
  }, call?: Call): Promise<FormUser>;
  /** Log in. */
  signIn(input: FormCredentials, call?: Call): Promise<FormLogin>;
  /** Log in, for the token alone. */
  authenticate(input: FormCredentials, call?: Call): Promise<string>;
  /** Log out. */
  signOut(input?: FormLogout, call?: Call): Promise<void>;
  /** List the own sessions. */
  listOwnSessions(input?: undefined, call?: Call): Promise<readonly FormSession[]>;
  /** End one of the own sessions. */
  endOwnSession(input: {
    readonly id: string;
  }, call?: Call): Promise<void>;
  /** Log in with Google. */
  signInWithGoogle(input: FormGoogleToken, call?: Call): Promise<FormLogin>;
  /** List the accounts at providers that open the own account. */
  listOwnProviders(input?: undefined, call?: Call): Promise<readonly FormProviderLink[]>;
  /** Link an account at Google to the own account. */
  linkGoogle(input: FormGoogleLink, call?: Call): Promise<FormProviderLink>;
  /** Unlink an account at a provider from the own account. */
  unlinkOwnProvider(input: {
    readonly id: string;
  }, call?: Call): Promise<void>;
  /** Change the own password. */
  changePassword(input: FormNewPassword, call?: Call): Promise<FormUser>;
  /** Change the own password without a session. */
  changePasswordSignedOut(input: FormSignedOutPassword, call?: Call): Promise<FormUser>;
  /** Ask for a mail that sets a new password. */
  recoverPassword(input: FormAskedReset, call?: Call): Promise<void>;
  /** Set a new password with the token of the mail. */
  confirmRecoverPassword(input: FormConfirmedReset, call?: Call): Promise<FormUser>;
  /** Go on with a login that asked for a code. */
  signInWithFactor(input: FormFactorCode, call?: Call): Promise<FormLoggedIn>;
  /** Go on with a login with Google that asked for a code. */
  signInWithGoogleAndFactor(input: FormFactorCode, call?: Call): Promise<FormLoggedIn>;
  /** Confirm a seed with a code of it, and log in; or go on with a login. */
  validateFactor(input: FormSeedConfirmation, call?: Call): Promise<FormLoggedIn>;
  /** Show a new seed of one-time codes. */
  showSeed(input: FormNewSeed, call?: Call): Promise<string>;
  /** Choose which logins take the second factor. */
  changeFactorDemands(input: FormDemands, call?: Call): Promise<FormUser>;
  /** Remove the one-time codes, and the recovery codes. */
  disableFactor(input: FormCode, call?: Call): Promise<FormUser>;
  /** Get new recovery codes. */
  renewOwnRecoveryCodes(input: FormCode, call?: Call): Promise<FormRecoveryCodes>;
  /** Ask the browser to make a passkey. */
  startOwnPasskey(input: FormNewPasskeyAsked, call?: Call): Promise<PasskeyQuestion>;
  /** Add the passkey that the browser made. */
  addOwnPasskey(input: FormNewPasskey, call?: Call): Promise<FormPasskeyAdded>;
  /** Ask the browser for a passkey, to log in with. */
  askForOwnPasskey(input?: FormPasskeyAsked, call?: Call): Promise<PasskeyQuestion>;
  /** Log in with a passkey. */
  signInWithPasskey(input: FormPasskeyLogin, call?: Call): Promise<FormLogin>;
  /** List the own passkeys. */
  listOwnPasskeys(input?: undefined, call?: Call): Promise<readonly FormPasskey[]>;
  /** Remove one of the own passkeys. */
  removeOwnPasskey(input: {
    readonly id: string;
  }, call?: Call): Promise<void>;
  /** Make an e-mail address valid, or show the page of its link. */
  visitEmail(input: {
    readonly email: string;
    readonly code: string;
  }, call?: Call): Promise<'true'>;
  /** Prove an e-mail address with the code of the mail. */
  proveEmail(input: GivenCode, call?: Call): Promise<'true'>;
  /** Have the mail with the proof of the own address sent again. */
  sendValidation(input?: {

  }, call?: Call): Promise<void>;
  /** Read the keys that access tokens are verified with. */
  readVerificationKeys(input?: undefined, call?: Call): Promise<{
    readonly keys: readonly {
      readonly kty: string;
      /** Of an Ed25519 key. */
      readonly crv?: string;
      /** Of an Ed25519 key. */
      readonly x?: string;
      /** Of an RSA key. */
      readonly n?: string;
      /** Of an RSA key. */
      readonly e?: string;
      readonly kid: string;
      readonly use?: string;
      readonly alg?: string;
    }[];
  }>;
  /** Find out who issues access tokens, and where the keys are. */
  readIssuer(input?: undefined, call?: Call): Promise<{
    /** The `iss` of the tokens that services are handed. */
    readonly issuer: string;
    readonly jwks_uri: string;
  }>;
  /** Find out who issues access tokens, and where the keys are. */
  readIssuerForOpenId(input?: undefined, call?: Call): Promise<{
    /** The `iss` of the tokens that services are handed. */
    readonly issuer: string;
    readonly jwks_uri: string;
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
/** The lists that come in pages: each row of them, from the first page to the last. */
export type Each = {
  /** List the users. */
  listUsers(input?: {
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
    readonly order?: 'asc' | 'desc';
    readonly after?: string;
    readonly name_ge?: string;
    readonly name_le?: string;
    readonly offset_id?: string;
    readonly id?: readonly string[];
    readonly email?: readonly string[];
    readonly is_enabled?: string;
    readonly search?: string;
  }, call?: Call): AsyncGenerator<UsersListed['data'][number], void>;
  /** List keys. */
  listKeys(input?: {
    readonly id?: readonly string[];
    readonly is_enabled?: string;
    readonly is_revoked?: string;
    readonly type?: readonly string[];
    readonly service_id?: readonly string[];
    readonly user_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): AsyncGenerator<KeysListed['data'][number], void>;
  /** List the services. */
  listServices(input?: {
    readonly id?: readonly string[];
    readonly is_enabled?: string;
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): AsyncGenerator<ServicesListed['data'][number], void>;
  /** List the sessions that are open. */
  listSessions(input?: {
    readonly user_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): AsyncGenerator<SessionsListed['data'][number], void>;
  /** List entries of the audit. */
  listAudit(input?: {
    readonly ge?: string;
    readonly le?: string;
    readonly limit?: string;
    readonly offset_id?: string;
    readonly id?: readonly string[];
    readonly type?: readonly string[];
    readonly subject?: readonly string[];
    readonly service_id?: readonly string[];
    readonly user_id?: readonly string[];
    readonly order?: 'asc' | 'desc';
    readonly after?: string;
  }, call?: Call): AsyncGenerator<AuditListed['data'][number], void>;
  /** List webhooks. */
  listWebhooks(input?: {
    readonly service_id?: readonly string[];
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): AsyncGenerator<WebhooksListed['data'][number], void>;
  /** List what became of the events of a webhook. */
  listWebhookDeliveries(input: {
    readonly id: string;
    readonly state?: string;
    readonly gt?: string;
    readonly lt?: string;
    readonly limit?: string;
  }, call?: Call): AsyncGenerator<WebhookDeliveriesListed['data'][number], void>;
};
/** How each call is made. */
export const calls = {
  createUser: { method: 'POST', path: '/v1/user', takes: 'json', proof: 'key', listed: null },
  listUsers: { method: 'GET', path: '/v1/user', takes: null, proof: 'key', listed: 'name' },
  readUser: { method: 'GET', path: '/v1/user/{id}', takes: null, proof: 'key', listed: null },
  updateUser: { method: 'PATCH', path: '/v1/user/{id}', takes: 'json', proof: 'key', listed: null },
  deleteUser: { method: 'DELETE', path: '/v1/user/{id}', takes: null, proof: 'key', listed: null },
  exportUser: { method: 'GET', path: '/v1/user/{id}/export', takes: null, proof: 'key', listed: null },
  createKey: { method: 'POST', path: '/v1/key', takes: 'json', proof: 'key', listed: null },
  listKeys: { method: 'GET', path: '/v1/key', takes: null, proof: 'key', listed: 'id' },
  readKey: { method: 'GET', path: '/v1/key/{id}', takes: null, proof: 'key', listed: null },
  updateKey: { method: 'PATCH', path: '/v1/key/{id}', takes: 'json', proof: 'key', listed: null },
  deleteKey: { method: 'DELETE', path: '/v1/key/{id}', takes: null, proof: 'key', listed: null },
  rotateKey: { method: 'POST', path: '/v1/key/{id}/rotate', takes: 'json', proof: 'key', listed: null },
  verifyKey: { method: 'POST', path: '/v1/auth/key/verify', takes: 'json', proof: 'key', listed: null },
  revokeKey: { method: 'POST', path: '/v1/auth/key/revoke', takes: 'json', proof: 'key', listed: null },
  createService: { method: 'POST', path: '/v1/service', takes: 'json', proof: 'key', listed: null },
  listServices: { method: 'GET', path: '/v1/service', takes: null, proof: 'key', listed: 'id' },
  readService: { method: 'GET', path: '/v1/service/{id}', takes: null, proof: 'key', listed: null },
  updateService: { method: 'PATCH', path: '/v1/service/{id}', takes: 'json', proof: 'key', listed: null },
  deleteService: { method: 'DELETE', path: '/v1/service/{id}', takes: null, proof: 'key', listed: null },
  login: { method: 'POST', path: '/v1/auth/provider/local/login', takes: 'json', proof: 'key', listed: null },
  loginFactor: { method: 'POST', path: '/v1/auth/provider/local/login/factor', takes: 'json', proof: 'key', listed: null },
  stepUp: { method: 'POST', path: '/v1/auth/token/step-up', takes: 'json', proof: 'key', listed: null },
  verifyToken: { method: 'POST', path: '/v1/auth/token/verify', takes: 'json', proof: 'key', listed: null },
  refreshToken: { method: 'POST', path: '/v1/auth/token/refresh', takes: 'json', proof: 'key', listed: null },
  revokeToken: { method: 'POST', path: '/v1/auth/token/revoke', takes: 'json', proof: 'key', listed: null },
  logOut: { method: 'POST', path: '/v1/auth/logout', takes: 'json', proof: 'key', listed: null },
  listSessions: { method: 'GET', path: '/v1/session', takes: null, proof: 'key', listed: 'id' },
  endSessions: { method: 'DELETE', path: '/v1/session', takes: null, proof: 'key', listed: null },
  endSession: { method: 'DELETE', path: '/v1/session/{id}', takes: null, proof: 'key', listed: null },
  checkPassword: { method: 'POST', path: '/v1/password/check', takes: 'json', proof: 'key', listed: null },
  updatePassword: { method: 'POST', path: '/v1/auth/provider/local/update-password', takes: 'json', proof: 'key', listed: null },
  requestReset: { method: 'POST', path: '/v1/auth/provider/local/reset-password', takes: 'json', proof: 'key', listed: null },
  confirmReset: { method: 'POST', path: '/v1/auth/provider/local/reset-password/confirm', takes: 'json', proof: 'key', listed: null },
  updateEmail: { method: 'POST', path: '/v1/auth/provider/local/update-email', takes: 'json', proof: 'key', listed: null },
  sendValidationTo: { method: 'POST', path: '/v1/user/{id}/validate-email', takes: 'json', proof: 'key', listed: null },
  beginProviderSignIn: { method: 'GET', path: '/v1/auth/provider/{provider}/oauth2', takes: null, proof: 'key', listed: null },
  signInWithProvider: { method: 'POST', path: '/v1/auth/provider/{provider}/oauth2', takes: 'json', proof: 'key', listed: null },
  beginProviderLink: { method: 'GET', path: '/v1/auth/provider/{provider}/link', takes: null, proof: 'key', listed: null },
  linkProvider: { method: 'POST', path: '/v1/auth/provider/{provider}/link', takes: 'json', proof: 'key', listed: null },
  listProviderLinks: { method: 'GET', path: '/v1/auth/provider/link', takes: null, proof: 'key', listed: null },
  unlinkProvider: { method: 'DELETE', path: '/v1/auth/provider/link/{id}', takes: null, proof: 'key', listed: null },
  revokeRegister: { method: 'POST', path: '/v1/auth/provider/local/register/revoke', takes: 'json', proof: 'key', listed: null },
  revokeResetPassword: { method: 'POST', path: '/v1/auth/provider/local/reset-password/revoke', takes: 'json', proof: 'key', listed: null },
  revokeUpdateEmail: { method: 'POST', path: '/v1/auth/provider/local/update-email/revoke', takes: 'json', proof: 'key', listed: null },
  revokeUpdatePassword: { method: 'POST', path: '/v1/auth/provider/local/update-password/revoke', takes: 'json', proof: 'key', listed: null },
  recoverUser: { method: 'POST', path: '/v1/user/{id}/recover', takes: 'json', proof: 'key', listed: null },
  confirmRecovery: { method: 'POST', path: '/v1/auth/provider/local/recover/confirm', takes: 'json', proof: 'key', listed: null },
  readNotice: { method: 'GET', path: '/v1/auth/provider/local/notice', takes: null, proof: 'key', listed: null },
  register: { method: 'POST', path: '/v1/auth/provider/local/register', takes: 'json', proof: 'key', listed: null },
  confirmRegistration: { method: 'POST', path: '/v1/auth/provider/local/register/confirm', takes: 'json', proof: 'key', listed: null },
  validateEmail: { method: 'POST', path: '/v1/auth/provider/local/validate-email/confirm', takes: 'json', proof: 'key', listed: null },
  verifyTotp: { method: 'POST', path: '/v1/auth/totp', takes: 'json', proof: 'key', listed: null },
  enrolTotp: { method: 'POST', path: '/v1/auth/factor/totp', takes: 'json', proof: 'key', listed: null },
  confirmTotp: { method: 'POST', path: '/v1/auth/factor/totp/confirm', takes: 'json', proof: 'key', listed: null },
  removeTotp: { method: 'POST', path: '/v1/auth/factor/totp/remove', takes: 'json', proof: 'key', listed: null },
  renewRecoveryCodes: { method: 'POST', path: '/v1/auth/factor/totp/recovery-codes', takes: 'json', proof: 'key', listed: null },
  startPasskey: { method: 'POST', path: '/v1/auth/webauthn/register/start', takes: 'json', proof: 'key', listed: null },
  addPasskey: { method: 'POST', path: '/v1/auth/webauthn/register/finish', takes: 'json', proof: 'key', listed: null },
  askForPasskey: { method: 'POST', path: '/v1/auth/webauthn/authenticate/start', takes: 'json', proof: 'key', listed: null },
  logInWithPasskey: { method: 'POST', path: '/v1/auth/webauthn/authenticate/finish', takes: 'json', proof: 'key', listed: null },
  listPasskeys: { method: 'GET', path: '/v1/auth/webauthn/credential', takes: null, proof: 'key', listed: null },
  removePasskey: { method: 'DELETE', path: '/v1/auth/webauthn/credential/{id}', takes: null, proof: 'key', listed: null },
  createCsrfToken: { method: 'GET', path: '/v1/auth/csrf', takes: null, proof: 'key', listed: null },
  verifyCsrfToken: { method: 'POST', path: '/v1/auth/csrf', takes: 'json', proof: 'key', listed: null },
  listAudit: { method: 'GET', path: '/v1/audit', takes: null, proof: 'key', listed: 'time' },
  createAuditEntry: { method: 'POST', path: '/v1/audit', takes: 'json', proof: 'key', listed: null },
  readAuditEntry: { method: 'GET', path: '/v1/audit/{id}', takes: null, proof: 'key', listed: null },
  amendAuditEntry: { method: 'PATCH', path: '/v1/audit/{id}', takes: 'json', proof: 'key', listed: null },
  followEvents: { method: 'GET', path: '/v1/event', takes: null, proof: 'key', listed: null },
  followRevocations: { method: 'GET', path: '/v1/revocation', takes: null, proof: 'key', listed: null },
  createWebhook: { method: 'POST', path: '/v1/webhook', takes: 'json', proof: 'key', listed: null },
  listWebhooks: { method: 'GET', path: '/v1/webhook', takes: null, proof: 'key', listed: 'id' },
  readWebhook: { method: 'GET', path: '/v1/webhook/{id}', takes: null, proof: 'key', listed: null },
  updateWebhook: { method: 'PATCH', path: '/v1/webhook/{id}', takes: 'json', proof: 'key', listed: null },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhook/{id}', takes: null, proof: 'key', listed: null },
  rotateWebhook: { method: 'POST', path: '/v1/webhook/{id}/rotate', takes: null, proof: 'key', listed: null },
  testWebhook: { method: 'POST', path: '/v1/webhook/{id}/test', takes: null, proof: 'key', listed: null },
  replayWebhook: { method: 'POST', path: '/v1/webhook/{id}/replay', takes: 'json', proof: 'key', listed: null },
  listWebhookDeliveries: { method: 'GET', path: '/v1/webhook/{id}/delivery', takes: null, proof: 'key', listed: 'id' },
  signUp: { method: 'POST', path: '/users/create', takes: 'form', proof: null, listed: null },
  signUpAndSignIn: { method: 'POST', path: '/users/createAuthenticate', takes: 'form', proof: null, listed: null },
  readOwnAccount: { method: 'GET', path: '/users/me', takes: null, proof: 'token', listed: null },
  changeAccount: { method: 'PUT', path: '/users/update', takes: 'form', proof: 'token', listed: null },
  changeEmail: { method: 'PUT', path: '/users/update/email', takes: 'form', proof: 'token', listed: null },
  deleteAccount: { method: 'POST', path: '/users/delete', takes: 'form', proof: 'token', listed: null },
  removeAccount: { method: 'DELETE', path: '/users/delete', takes: 'form', proof: 'token', listed: null },
  listAccounts: { method: 'GET', path: '/users/list', takes: null, proof: 'token', listed: null },
  findAccount: { method: 'GET', path: '/users/by-email', takes: null, proof: 'token', listed: null },
  signIn: { method: 'POST', path: '/users/login', takes: 'form', proof: null, listed: null },
  authenticate: { method: 'POST', path: '/users/authenticate', takes: 'form', proof: null, listed: null },
  signOut: { method: 'POST', path: '/users/logout', takes: 'form', proof: 'token', listed: null },
  listOwnSessions: { method: 'GET', path: '/users/sessions', takes: null, proof: 'token', listed: null },
  endOwnSession: { method: 'DELETE', path: '/users/sessions/{id}', takes: null, proof: 'token', listed: null },
  signInWithGoogle: { method: 'POST', path: '/users/login/google', takes: 'form', proof: null, listed: null },
  listOwnProviders: { method: 'GET', path: '/users/providers', takes: null, proof: 'token', listed: null },
  linkGoogle: { method: 'POST', path: '/users/providers/google', takes: 'form', proof: 'token', listed: null },
  unlinkOwnProvider: { method: 'DELETE', path: '/users/providers/{id}', takes: null, proof: 'token', listed: null },
  changePassword: { method: 'PUT', path: '/users/update/password', takes: 'form', proof: 'token', listed: null },
  changePasswordSignedOut: { method: 'POST', path: '/users/update/password', takes: 'form', proof: null, listed: null },
  recoverPassword: { method: 'POST', path: '/users/recoverPassword', takes: 'form', proof: null, listed: null },
  confirmRecoverPassword: { method: 'POST', path: '/users/recoverPassword/confirm', takes: 'form', proof: null, listed: null },
  signInWithFactor: { method: 'POST', path: '/users/login/2fa', takes: 'form', proof: null, listed: null },
  signInWithGoogleAndFactor: { method: 'POST', path: '/users/login/google/2fa', takes: 'form', proof: null, listed: null },
  validateFactor: { method: 'POST', path: '/users/google/2FAuth/validate', takes: 'form', proof: null, listed: null },
  showSeed: { method: 'POST', path: '/users/google/2FAuth/qrCode', takes: 'form', proof: null, listed: null },
  changeFactorDemands: { method: 'POST', path: '/users/2fa/settings', takes: 'form', proof: 'token', listed: null },
  disableFactor: { method: 'POST', path: '/users/2fa/disable', takes: 'form', proof: 'token', listed: null },
  renewOwnRecoveryCodes: { method: 'POST', path: '/users/2fa/recoveryCodes', takes: 'form', proof: 'token', listed: null },
  startOwnPasskey: { method: 'POST', path: '/users/webauthn/register/start', takes: 'form', proof: 'token', listed: null },
  addOwnPasskey: { method: 'POST', path: '/users/webauthn/register/finish', takes: 'form', proof: 'token', listed: null },
  askForOwnPasskey: { method: 'POST', path: '/users/webauthn/authenticate/start', takes: 'form', proof: null, listed: null },
  signInWithPasskey: { method: 'POST', path: '/users/webauthn/authenticate/finish', takes: 'form', proof: null, listed: null },
  listOwnPasskeys: { method: 'GET', path: '/users/webauthn/credentials', takes: null, proof: 'token', listed: null },
  removeOwnPasskey: { method: 'DELETE', path: '/users/webauthn/credentials/{id}', takes: null, proof: 'token', listed: null },
  visitEmail: { method: 'GET', path: '/users/validateEmail', takes: null, proof: null, listed: null },
  proveEmail: { method: 'POST', path: '/users/validateEmail', takes: 'form', proof: null, listed: null },
  sendValidation: { method: 'POST', path: '/users/validateEmail/send', takes: 'form', proof: 'token', listed: null },
  readVerificationKeys: { method: 'GET', path: '/.well-known/jwks.json', takes: null, proof: null, listed: null },
  readIssuer: { method: 'GET', path: '/.well-known/oauth-authorization-server', takes: null, proof: null, listed: null },
  readIssuerForOpenId: { method: 'GET', path: '/.well-known/openid-configuration', takes: null, proof: null, listed: null },
  readReadiness: { method: 'GET', path: '/health/ready', takes: null, proof: null, listed: null },
  readLiveness: { method: 'GET', path: '/health/live', takes: null, proof: null, listed: null },
  ping: { method: 'GET', path: '/ping', takes: null, proof: null, listed: null },
} as const;
