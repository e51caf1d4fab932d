import type { Id, Instant } from './ids.ts';
import type { Purpose } from './one-time-token.ts';
import type { Origin } from './origin.ts';

/**
 * Everything that is recorded, by what was tried; a failure is recorded under the same name.
 * `sso:` types are those of mojzu/sso (`AuditType`, version 0.10), `rekey:` types are Rekey's own.
 */
export const auditTypes = [
  /** In the operator's chain: a chain begins, that of the service which is the subject, or the operator's own. */
  'rekey:ChainBegin',
  'sso:ServiceCreate',
  'rekey:RootKeyCreate',
  /** Somebody presented a key that is no usable one of a service or of the operator. */
  'rekey:KeyAuth',
  'sso:UserCreate',
  /** An account that nobody proved, and nobody used, was deleted. */
  'rekey:UserExpire',
  'sso:KeyCreate',
  'sso:AuthKeyRevoke',
  'sso:AuthLocalLogin',
  'sso:AuthLocalUpdatePassword',
  /** The link of the mail about a change was used: the account is locked. */
  'sso:AuthLocalUpdatePasswordRevoke',
  /** The link of the mail about a new key was used: the account is locked. */
  'rekey:FactorChangeRevoke',
  'sso:AuthTokenRefresh',
  /** A refresh token was presented again: somebody else has it, and the session has ended. */
  'rekey:TokenTheft',
  'sso:AuthTokenRevoke',
  'sso:AuthTotp',
  /** From now on somebody has to wait who tried too often. */
  'rekey:Throttle',
  /** A mail was handed over, or given up. */
  'rekey:MailSend',
  'rekey:MailRequeue',
  'rekey:AuditPrune',
  'rekey:Backup',
  'rekey:KeyringRotate',
  'rekey:KeyringPrune',
] as const;
export type AuditType = (typeof auditTypes)[number];

/** What an operator does outside of the database. */
export type OperatorAct = Extract<AuditType, 'rekey:Backup' | `rekey:Keyring${string}`>;

/** The types of entries that say that a key was made; the key is their subject. */
export const keyMakingTypes = [
  'sso:ServiceCreate',
  'rekey:RootKeyCreate',
  'sso:KeyCreate',
] as const satisfies readonly AuditType[];

/** Under which type the use of a kill switch is recorded. */
export const revokeTypes: Readonly<Record<Purpose, AuditType>> = {
  update_password: 'sso:AuthLocalUpdatePasswordRevoke',
  factor_change: 'rekey:FactorChangeRevoke',
};

export const auditOutcomes = ['success', 'failure'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** An entry of the audit in its chain: it holds the hash of the entry before, and its own hash covers all of it. */
export type AuditEntry = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly type: AuditType;
  readonly outcome: AuditOutcome;
  /** The service that it happened through, and that may read of it; null for what the operator does. */
  readonly serviceId: Id | null;
  /** Null where there is none, or none that the service may know of. */
  readonly userId: Id | null;
  /** The key, session, one-time token, delivery or service that it is about. */
  readonly subjectId: Id | null;
  /** Null where nobody asked over the network, or nobody whom the service may know of. */
  readonly origin: Origin | null;
  /** How often it happened: 1 but for a sum. */
  readonly count: number;
  /** Its place in the chain of its service, or of the operator: 1 for the first, without gaps. */
  readonly sequence: number;
  /** Null for the first. */
  readonly previousHash: string | null;
  readonly hash: string;
};

/** Where a chain begins and ends. */
export type AuditChain = {
  /** Whose it is; null for the operator's. */
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
  /** Covers all of the above. */
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
export type AuditSum = Pick<AuditEntry, 'type' | 'serviceId' | 'count'> & {
  /** When the minute ends. */
  readonly endsAt: Instant;
  /** Null for many networks together. */
  readonly network: string | null;
};

const MINUTE_MS = 60_000;

/** When the minute of an instant ends. */
export const endOfMinute = (instant: Instant): Instant =>
  (Math.floor(instant / MINUTE_MS) + 1) * MINUTE_MS;

/** The text that the hash of an entry is made of: no two entries share one. */
export const auditEntryText = (entry: Omit<AuditEntry, 'hash'>): string =>
  JSON.stringify([
    'rekey audit entry v1',
    entry.serviceId,
    entry.sequence,
    entry.previousHash,
    entry.id,
    entry.createdAt,
    entry.type,
    entry.outcome,
    entry.userId,
    entry.subjectId,
    entry.origin && [entry.origin.address, entry.origin.client],
    entry.count,
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

/** An origin as it is recorded: what a client says of itself takes no more room than this. */
export const auditOrigin = ({ address, client }: Origin): Origin => ({
  address,
  client: client && [...client].slice(0, MAX_CLIENT_LENGTH).join(''),
});
