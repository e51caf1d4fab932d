import { MINUTE_MS } from './durations.ts';
import { type ErrorCode, IllegalArgument } from './errors.ts';
import type { Id, Instant } from './ids.ts';
import { type JsonObject, parseJsonObject } from './json.ts';
import type { LockKind } from './notice.ts';
import type { Purpose } from './one-time-token.ts';
import type { Origin } from './origin.ts';
import { isOneLine } from './text.ts';

/** The documentation of a type, in Markdown. */
type AuditTypeText = {
  /** The subject of its entries; empty for none. */
  readonly subject: string;
  /** The occasion of an entry. */
  readonly when: string;
};

/**
 * Everything that is recorded, by what was tried; a failure has the type of a success. `sso:` types are those of
 * mojzu/sso (`AuditType`, version 0.10), `rekey:` types are Rekey's own. docs/audit-types.md is made of these texts.
 */
export const auditTypeTexts = {
  'rekey:ChainBegin': {
    subject: "the service; null for the operator's own chain",
    when: "in the operator's chain: a chain begins, or its announcement was pruned and is made again",
  },
  'sso:ServiceCreate': {
    subject: 'the key of the service; null where it is registered without one',
    when: 'a service is registered',
  },
  'sso:ServiceUpdate': {
    subject: 'the service',
    when: 'a service is changed, disabled or enabled',
  },
  'sso:ServiceDelete': { subject: 'the service', when: 'a service is deleted' },
  'rekey:RootKeyCreate': { subject: 'the key', when: 'a root key is made' },
  'rekey:KeyAuth': {
    subject: '',
    when: "in the operator's chain: keys were sent that are no usable ones of a service or of the operator",
  },
  'sso:UserCreate': { subject: 'the user', when: 'a user is created' },
  'sso:UserUpdate': { subject: 'the user', when: 'a user is changed, disabled or enabled' },
  'sso:UserDelete': { subject: 'the user', when: 'a user is deleted' },
  'rekey:UserExpire': {
    subject: 'the user',
    when: 'an account that nobody proved and nobody used is deleted',
  },
  'rekey:UserRecover': {
    subject: 'the one-time token of the mail',
    when: 'the owner of a locked account is mailed the way back',
  },
  'rekey:UserRecoverConfirm': {
    subject: 'the one-time token of the mail about it',
    when: 'the owner of a locked account takes it back',
  },
  'sso:KeyCreate': { subject: 'the key', when: 'a key of a user or of a service is made' },
  'sso:KeyUpdate': { subject: 'the key', when: 'a key is changed, disabled or enabled' },
  'rekey:RoleGrant': { subject: 'the user', when: 'a user gets the role `admin`' },
  'rekey:RoleRevoke': { subject: 'the user', when: 'the role `admin` is taken from a user' },
  'rekey:KeyRotate': { subject: 'the key', when: 'a key gets another value' },
  'sso:KeyDelete': { subject: 'the key', when: 'a key is deleted' },
  'rekey:KeyRevoke': { subject: 'the key', when: 'a key is revoked by its id' },
  'sso:AuthKeyRevoke': { subject: 'the key', when: 'a key of a user is revoked by its value' },
  'rekey:UserAdopt': {
    subject: '',
    when: 'another service makes a key of a user, and sees the user from then on',
  },
  'sso:AuthLocalLogin': { subject: 'the session', when: 'a login succeeds, or fails' },
  'rekey:FactorDemand': {
    subject: '',
    when: 'what a login proves is right, and a second factor is asked for',
  },
  'rekey:FactorLogin': {
    subject: '',
    when: 'a second factor that a login asked for is refused; one that is right opens a session, see `sso:AuthLocalLogin`',
  },
  'rekey:FactorAdd': {
    subject: 'the factor; null for recovery codes',
    when: 'a second factor, recovery codes, or a sign-in with a provider is added to an account',
  },
  'rekey:FactorRemove': {
    subject: 'the factor; null for recovery codes',
    when: 'a second factor, recovery codes, or a sign-in with a provider is removed from an account',
  },
  'rekey:FactorProve': {
    subject: 'the session, where one asked',
    when: 'a code is shown to change what protects an account, or to prove oneself again; or is refused',
  },
  'rekey:AuthPasskey': {
    subject: 'the session',
    when: 'a login with a passkey succeeds, or fails; `passkey_copied`: its counter went back, so there are two of it',
  },
  'rekey:AuthGoogleOauth2Callback': {
    subject: 'the session',
    when: 'a sign-in with Google succeeds, or fails',
  },
  'sso:AuthGithubOauth2Callback': {
    subject: 'the session',
    when: 'a sign-in with GitHub succeeds, or fails',
  },
  'sso:AuthMicrosoftOauth2Callback': {
    subject: 'the session',
    when: 'a sign-in with Microsoft succeeds, or fails',
  },
  'sso:AuthLocalUpdatePassword': {
    subject: 'the one-time token of the mail; on failure the session that asked, if one did',
    when: 'a password is changed, or the change is refused',
  },
  'sso:AuthLocalUpdatePasswordRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a change locks the account',
  },
  'sso:AuthLocalUpdateEmail': {
    subject: 'the one-time token of the mail to the address from before',
    when: 'an address is changed, or the change is refused',
  },
  'sso:AuthLocalRegister': {
    subject: 'the one-time token of the mail',
    when: 'somebody asks to register with an address',
  },
  'sso:AuthLocalRegisterConfirm': {
    subject: 'the one-time token of the mail',
    when: 'the link of a registration makes an account, or lets one in at the service',
  },
  'rekey:ValidateEmail': {
    subject: 'the one-time token of the mail',
    when: 'a mail to the address of a user turns out to reach its owner',
  },
  'sso:AuthLocalResetPassword': {
    subject: 'the one-time token of the mail',
    when: 'somebody asks for a new password; a failure where no mail is sent',
  },
  'sso:AuthLocalResetPasswordConfirm': {
    subject: 'the one-time token of the mail about it',
    when: 'a password is set by the link of a mail that was asked for',
  },
  'rekey:UserInvite': {
    subject: 'the one-time token of the mail',
    when: 'a user without a password is asked to choose one',
  },
  'rekey:UserInviteConfirm': {
    subject: 'the one-time token of the mail about it',
    when: 'the password of a user who was invited is set',
  },
  'rekey:FactorChangeRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a new KEY, or about a factor that was added or removed, locks the account',
  },
  'sso:AuthLocalRegisterRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a new account locks it',
  },
  'sso:AuthLocalResetPasswordRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a reset locks the account',
  },
  'sso:AuthLocalUpdateEmailRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a new address locks the account, and gives the old address back',
  },
  'rekey:NewDeviceRevoke': {
    subject: 'the one-time token',
    when: 'the link of the mail about a login from a new device locks the account',
  },
  'rekey:ValidateEmailRevoke': {
    subject: 'the one-time token',
    when: 'somebody did not make the account whose address a mail asks to confirm, and locks it',
  },
  'sso:AuthTokenRefresh': { subject: 'the session', when: 'a refresh token is traded' },
  'rekey:SessionEnd': {
    subject: 'the session; null for all sessions of the user at the service',
    when: 'a session is ended by a logout, by its service or by the operator',
  },
  'rekey:TokenTheft': {
    subject: 'the session',
    when: 'a spent refresh token comes back, and the session ends',
  },
  'sso:AuthTokenRevoke': {
    subject: 'the session',
    when: 'a token is revoked; its key has an entry of its own',
  },
  'sso:AuthTotp': { subject: 'the key', when: 'a one-time code is accepted, or refused' },
  'rekey:Throttle': {
    subject: 'as in the entry of the try',
    when: 'a try failed, or a sign-up was made, and the next one has to wait; once for each wait',
  },
  'rekey:ThrottleReset': {
    subject: '',
    when: 'the operator clears the counts of tries at an account',
  },
  'rekey:MailSend': { subject: 'the delivery', when: 'a mail is handed over, or given up' },
  'rekey:MailCorrect': {
    subject: 'the delivery',
    when: 'a dead mail is sent to the address that its account has now',
  },
  'rekey:MailRequeue': { subject: 'the delivery', when: 'a dead mail is requeued' },
  'rekey:WebhookCreate': { subject: 'the webhook', when: 'a webhook is registered' },
  'rekey:WebhookUpdate': {
    subject: 'the webhook',
    when: 'a webhook is changed, disabled or enabled by its service or the operator',
  },
  'rekey:WebhookDelete': { subject: 'the webhook', when: 'a webhook is deleted' },
  'rekey:WebhookRotate': { subject: 'the webhook', when: 'a webhook gets another secret' },
  'rekey:WebhookTest': {
    subject: 'the webhook',
    when: 'a webhook is about to be called with a test',
  },
  'rekey:WebhookReplay': {
    subject: 'the webhook',
    when: 'a webhook is to be called again with the events of a while',
  },
  'rekey:WebhookDisable': {
    subject: 'the webhook',
    when: 'a webhook is disabled because an event failed there for three days, or the receiver is gone',
  },
  'sso:AuditUpdate': {
    subject: 'the entry',
    when: 'an entry of a type of a service gets a status, a subject or data later',
  },
  'rekey:AuditErase': {
    subject: 'the user; or a key of the user, where entries about others were proven by it',
    when: "in the operator's chain: a user is deleted, and what entries say of the user in words is erased",
  },
  'rekey:AuditPrune': { subject: '', when: "in the operator's chain: old entries are deleted" },
  'rekey:Backup': {
    subject: '',
    when: "in the operator's chain: the operator is about to make a backup; a `failure` follows where that fails",
  },
  'rekey:Import': {
    subject: '',
    when: "in the operator's chain: users, services or root keys come from another system, many at a time; or all of another Rekey",
  },
  'rekey:Export': {
    subject: '',
    when: "in the operator's chain: the operator is about to export everything; a `failure` follows where that fails",
  },
  'rekey:KeyringRotate': {
    subject: '',
    when: "in the operator's chain: the operator is about to rotate the key file; a `failure` follows where that fails",
  },
  'rekey:KeyringPrune': {
    subject: '',
    when: "in the operator's chain: the operator is about to prune the key file; a `failure` follows where that fails",
  },
} as const satisfies Record<string, AuditTypeText>;

export type AuditType = keyof typeof auditTypeTexts;
export const auditTypes = Object.keys(auditTypeTexts) as readonly AuditType[];

/** The types of tries to prove oneself: at a login, with a second factor, or with a code of a service's own. */
export const proofTypes = [
  'sso:AuthLocalLogin',
  'sso:AuthTotp',
  'rekey:FactorLogin',
  'rekey:FactorProve',
  'rekey:AuthPasskey',
  'rekey:AuthGoogleOauth2Callback',
  'sso:AuthGithubOauth2Callback',
  'sso:AuthMicrosoftOauth2Callback',
] as const satisfies readonly AuditType[];

/** An act of the operator outside of the database. */
export type OperatorAct = Extract<
  AuditType,
  'rekey:Backup' | 'rekey:Export' | 'rekey:Import' | `rekey:Keyring${string}`
>;

/** The types of entries that say that a key was made; the key is their subject. */
export const keyMakingTypes = [
  'sso:ServiceCreate',
  'rekey:RootKeyCreate',
  'sso:KeyCreate',
] as const satisfies readonly AuditType[];

/** Under which type the use of a kill switch is recorded. */
export const revokeTypes: Readonly<Record<LockKind | 'validate_email', AuditType>> = {
  update_password: 'sso:AuthLocalUpdatePasswordRevoke',
  factor_change: 'rekey:FactorChangeRevoke',
  register_confirm: 'sso:AuthLocalRegisterRevoke',
  reset_password_confirm: 'sso:AuthLocalResetPasswordRevoke',
  update_email: 'sso:AuthLocalUpdateEmailRevoke',
  new_device: 'rekey:NewDeviceRevoke',
  validate_email: 'rekey:ValidateEmailRevoke',
};

/** Whether a link can lock the account. */
export const canLock = (purpose: Purpose): purpose is keyof typeof revokeTypes =>
  Object.hasOwn(revokeTypes, purpose);

export const auditOutcomes = ['success', 'failure'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** A type that a service gave an entry of its own. */
export type CustomAuditType = string & { readonly isCustom: unique symbol };

/** The types that are Rekey's own. */
const OWN_TYPE = /^(?:sso|rekey):/i;

const MAX_TYPE_LENGTH = 200;
const MAX_SUBJECT_LENGTH = 200;

export const isCustom = (type: AuditEntry['type']): type is CustomAuditType => !OWN_TYPE.test(type);

/** What a reader passes over: spaces and blank letters, marks on letters, joiners and directions. */
const UNSEEN = /[\s\u115f\u1160\u2800]|\p{M}|\p{Cf}/gu;
/** Characters that look like a colon, and that no normal form makes one of (Unicode, UTS 39, confusables.txt). */
const COLONS = /[\u02d0\u02f8\u0589\u05c3\u205a\u2236\ua4fd\ua789]/g;
/** Letters of other alphabets that look like those of `sso` and `rekey`, from the same table. */
const LETTERS: readonly (readonly [RegExp, string])[] = [
  [/[\u01bd\u0455\ua731]/g, 's'],
  [/[\u03bf\u03c3\u043e\u0585\u1d0f\u1d11]/g, 'o'],
  [/[\u0433\u1d26\u2c85\uab47\uab48\uab81]/g, 'r'],
  [/[\u0435\u04bd\u212e\uab32]/g, 'e'],
  [/[\u0138\u03ba\u043a\u1d0b]/g, 'k'],
  [/[\u0263\u028f\u03b3\u0443\u04af\u10e7\u1d8c\u1eff]/g, 'y'],
];

/** Whether people would take a type for one of Rekey's own: in any case, width and alphabet, with or without spaces. */
const looksOwn = (text: string): boolean => {
  const plain = text.normalize('NFKD').replaceAll(UNSEEN, '').replaceAll(COLONS, ':').toLowerCase();
  return OWN_TYPE.test(
    LETTERS.reduce((read, [alike, letter]) => read.replaceAll(alike, letter), plain),
  );
};

/** A type of a service: 1 to 200 characters on one line, which do not look like `sso:` or `rekey:` at their beginning. */
export function parseCustomType(text: string, field = 'type'): CustomAuditType {
  const isFree = isOneLine(text, MAX_TYPE_LENGTH) && !looksOwn(text);
  if (isFree) return text as CustomAuditType;
  const message = `must be 1 to ${MAX_TYPE_LENGTH} characters on one line that do not begin with sso: or rekey:`;
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}

/** The type of an entry that a call writes beside what it does. */
export const parseAsked = (
  type: string | undefined,
  field = 'audit',
): CustomAuditType | undefined => (type === undefined ? undefined : parseCustomType(type, field));

/** What a service says that an entry is about: 1 to 200 characters on one line. */
export function parseSubject(text: string, field = 'subject'): string {
  if (isOneLine(text, MAX_SUBJECT_LENGTH)) return text;
  const message = `must be 1 to ${MAX_SUBJECT_LENGTH} characters on one line`;
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}

const MAX_STATUS_CODE = 65_535;

/** The status that a service gives an entry: its own, or one of HTTP or gRPC. */
export function parseStatusCode(code: number, field = 'statusCode'): number {
  if (Number.isInteger(code) && code >= 0 && code <= MAX_STATUS_CODE) return code;
  const message = `must be a whole number from 0 to ${MAX_STATUS_CODE}`;
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}

/** The status of an entry of Rekey's own, as gRPC counts them: done, refused, forbidden, not authenticated. */
export type AuditStatus = 0 | 3 | 7 | 16;

const forbidden: ReadonlySet<ErrorCode> = new Set([
  'forbidden',
  'root_key_required',
  'password_update_required',
  'registration_closed',
  'too_many_requests',
]);

/** The status of a refusal. */
export function auditStatusOf(code: ErrorCode): AuditStatus {
  if (code === 'unauthorized') return 16;
  return forbidden.has(code) ? 7 : 3;
}

/**
 * What an entry says in words, some of which may be about a person. It stands beside the chain: the hash of the entry
 * covers only a digest over it and a random salt. Text and salt can be erased: the chain stays whole, and nobody can
 * guess the text by its digest.
 */
export type AuditText = {
  /** Null where nobody asked over the network, or nobody whom the service may know of. */
  readonly origin: Origin | null;
  /** The subject of an entry of a service, in its words. */
  readonly subject: string | null;
  readonly data: JsonObject | null;
};

/** An entry of the audit in its chain: it has the hash of the entry before, and its own hash covers all of it. */
export type AuditEntry = AuditText & {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly type: AuditType | CustomAuditType;
  readonly outcome: AuditOutcome;
  /** An `AuditStatus`; of an entry of a service, what the service says, or null. */
  readonly statusCode: number | null;
  /** The service that it happened through, and that may read of it; null for what the operator does. */
  readonly serviceId: Id | null;
  /** Null where there is none, or none that the service may know of. */
  readonly userId: Id | null;
  /** The key of the service, or the root key, that asked; null where none did, or none that the service may know of. */
  readonly keyId: Id | null;
  /** The key of a user by which the request proved the user as well. */
  readonly userKeyId: Id | null;
  /** The key, session, one-time token, delivery or service that it is about; of an amendment, the entry. */
  readonly subjectId: Id | null;
  /** How often it happened: 1 but for a sum. */
  readonly count: number;
  /** 16 random bytes; null where there is no text, and where the text was erased. */
  readonly salt: string | null;
  /** Over salt and text; null where there was no text. */
  readonly textDigest: string | null;
  /** Its place in the chain of its service, or of the operator: 1 for the first, without gaps. */
  readonly sequence: number;
  /** Null for the first. */
  readonly previousHash: string | null;
  readonly hash: string;
};

/** An entry that has no place in its chain yet. */
export type UnchainedEntry = Omit<AuditEntry, 'sequence' | 'previousHash' | 'hash'>;

/** An entry that is committed, or about to be, and waits for its place. Nobody but Rekey can make one. */
export type PendingEntry = {
  readonly entry: UnchainedEntry;
  /** The user whom the request proved, whose key the entry names; null where it names none. */
  readonly proverId: Id | null;
  /** A MAC over all of it, and over its text by the digest of that. */
  readonly mac: string;
};

/** Whether an entry had a text that was erased. */
export const isErased = ({ salt, textDigest }: Pick<AuditEntry, 'salt' | 'textDigest'>): boolean =>
  salt === null && textDigest !== null;

/** An entry of a service as it stands now, with what was added to it later. */
export type AmendedEntry = UnchainedEntry & {
  readonly updatedAt: Instant;
  /** Null, with its hashes, where it has no place in its chain yet. */
  readonly sequence: number | null;
  readonly previousHash: string | null;
  readonly hash: string | null;
};

/** An entry as it is before it has a place. */
export const unplaced = (entry: UnchainedEntry) =>
  ({ ...entry, sequence: null, previousHash: null, hash: null }) as const;

/** Amendments that an entry has at most: each takes a place of the chain. */
export const MAX_AMENDMENTS = 20;
/** Characters of all data of an entry together, as JSON. */
export const MAX_DATA_LENGTH = 65_536;

/** The data of an entry of a service. */
export function parseAuditData(value: unknown, field = 'data'): JsonObject {
  const data = parseJsonObject(value, field);
  if (JSON.stringify(data).length <= MAX_DATA_LENGTH) return data;
  const message = `must have at most ${MAX_DATA_LENGTH} characters as JSON`;
  throw new IllegalArgument([{ field, message, code: 'too_long' }]);
}

/** What is added to an entry. */
export type Amendment = Pick<AuditEntry, 'statusCode' | 'subject' | 'data'>;

/** What an amendment says beyond what the entry says already, of which nothing is ever replaced; null for nothing. */
export function newIn(
  entry: UnchainedEntry,
  { statusCode, subject, data }: Amendment,
): Amendment | null {
  const added = Object.entries(data ?? {}).filter(
    ([name]) => !Object.hasOwn(entry.data ?? {}, name),
  );
  const news = {
    statusCode: entry.statusCode === null ? statusCode : null,
    subject: entry.subject === null ? subject : null,
    data: added.length === 0 ? null : Object.fromEntries(added),
  };
  return Object.values(news).every((value) => value === null) ? null : news;
}

/** The entry with its amendments, the first of them first. */
export function amendedBy(
  entry: Omit<AmendedEntry, 'updatedAt'>,
  amendments: readonly UnchainedEntry[],
): AmendedEntry {
  let amended: AmendedEntry = { ...entry, updatedAt: entry.createdAt };
  for (const amendment of amendments) {
    const { statusCode, subject, data } = newIn(amended, amendmentOf(amendment)) ?? {};
    amended = {
      ...amended,
      updatedAt: amendment.createdAt,
      statusCode: amended.statusCode ?? statusCode ?? null,
      subject: amended.subject ?? subject ?? null,
      data: data ? { ...amended.data, ...data } : amended.data,
    };
  }
  return amended;
}

/** The data of the entry that is an amendment: its own subject is the entry that it amends. */
export const amendmentData = ({ subject, data }: Amendment): JsonObject | null =>
  subject === null && data === null ? null : { subject, data };

const amendmentOf = ({ statusCode, data }: UnchainedEntry): Amendment => ({
  statusCode,
  subject: (data?.subject ?? null) as string | null,
  data: (data?.data ?? null) as JsonObject | null,
});

/** Where a chain begins and ends. */
export type AuditChain = {
  /** The service that it is of; null for the operator's. */
  readonly serviceId: Id | null;
  /** How many entries it ever had. */
  readonly length: number;
  /** Of the last entry; null where there was none. */
  readonly hash: string | null;
  /** How many of the oldest were pruned. */
  readonly pruned: number;
  /** Of the last entry that was pruned. */
  readonly prunedHash: string | null;
  /** When the latest of the entries that were pruned was made; null where none were. */
  readonly prunedUntil: Instant | null;
  /** A MAC over all other fields. */
  readonly seal: string;
};

/** A place in the list of entries, which goes by time, and by id within a millisecond. */
export type AuditPlace = Pick<AuditEntry, 'createdAt' | 'id'>;

/** A chain that nothing was appended to yet. */
export const emptyAuditChain = (serviceId: Id | null): AuditChain => ({
  serviceId,
  length: 0,
  hash: null,
  pruned: 0,
  prunedHash: null,
  prunedUntil: null,
  seal: '',
});

/**
 * Failures in a minute that are about no user whom the service may know of. Anybody can cause as many of them as there
 * are names, so they have one entry together, and none each.
 */
export type AuditSum = Pick<AuditEntry, 'serviceId' | 'count'> & {
  readonly type: AuditType;
  /** When the minute ends. */
  readonly endsAt: Instant;
  /** Null for many networks together. */
  readonly network: string | null;
};

/** What failed in a sum, as callers saw it. */
export const codeOfSum = (type: AuditType): ErrorCode =>
  type === 'rekey:Throttle'
    ? 'too_many_requests'
    : type === 'rekey:KeyAuth'
      ? 'unauthorized'
      : 'invalid_credentials';

/** When the minute of an instant ends. */
export const endOfMinute = (instant: Instant): Instant =>
  (Math.floor(instant / MINUTE_MS) + 1) * MINUTE_MS;

/** The text that the hash of an entry is made of: no two entries share one. */
export const auditEntryText = (
  entry: Omit<AuditEntry, keyof AuditText | 'salt' | 'hash'>,
): string =>
  JSON.stringify([
    'rekey audit entry v2',
    entry.serviceId,
    entry.sequence,
    entry.previousHash,
    entry.id,
    entry.createdAt,
    entry.type,
    entry.outcome,
    entry.statusCode,
    entry.userId,
    entry.keyId,
    entry.userKeyId,
    entry.subjectId,
    entry.count,
    entry.textDigest,
  ]);

/** The text that the MAC of a pending entry is made of. */
export const pendingEntryText = ({ entry, proverId }: Omit<PendingEntry, 'mac'>): string =>
  JSON.stringify([
    'rekey pending audit entry v1',
    entry.serviceId,
    entry.id,
    entry.createdAt,
    entry.type,
    entry.outcome,
    entry.statusCode,
    entry.userId,
    entry.keyId,
    entry.userKeyId,
    entry.subjectId,
    entry.count,
    entry.textDigest,
    proverId,
  ]);

/** What the digest of an entry's text is made of; null where an entry says nothing in words. */
export const auditText = ({ origin, subject, data }: AuditText): string | null =>
  origin === null && subject === null && data === null
    ? null
    : JSON.stringify([
        'rekey audit text v1',
        origin && [origin.address, origin.client, origin.forwarded ?? null],
        subject,
        data,
      ]);

/** The text that the seal of a chain is made of. */
export const auditChainText = (chain: Omit<AuditChain, 'seal'>): string =>
  JSON.stringify([
    'rekey audit chain v1',
    chain.serviceId,
    chain.length,
    chain.hash,
    chain.pruned,
    chain.prunedHash,
    chain.prunedUntil,
  ]);

const MAX_CLIENT_LENGTH = 200;
/** A dozen addresses. */
const MAX_FORWARDED_LENGTH = 500;

/** An origin as it is recorded: what a client says of itself takes no more room than this. */
export const auditOrigin = ({ address, client, forwarded }: Origin): Origin => ({
  address,
  client: client && firstOf(client, MAX_CLIENT_LENGTH),
  ...(forwarded && { forwarded: firstOf(forwarded, MAX_FORWARDED_LENGTH) }),
});

const firstOf = (text: string, characters: number): string =>
  [...text.slice(0, 2 * characters)].slice(0, characters).join('');
