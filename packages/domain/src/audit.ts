import type { Id, Instant, Origin } from './entities.ts';

/** All that is recorded, by what was tried. A failure is recorded under the same name. */
export const auditActions = [
  'service_create',
  'root_key_create',
  'user_create',
  'key_create',
  'key_revoke',
  'login',
  'password_change',
  /** The link of a mail was used: the account is shut. */
  'password_change_revoke',
  'token_refresh',
  /** A refresh token was presented again: somebody else has it, and the session has ended. */
  'token_theft',
  'token_revoke',
  'totp',
  /** From now on somebody has to wait, who has tried too often. */
  'throttle',
  /** The mail about a change was handed over, or given up. */
  'mail_send',
  'mail_requeue',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const auditOutcomes = ['success', 'failure'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** What happened. It holds no secret, and nothing that somebody typed. */
export type AuditEvent = {
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  /** The service that it happened through, and that may read of it; null for what the operator does. */
  readonly serviceId: Id | null;
  /** Null where there is none, or none that the service may know of. */
  readonly userId: Id | null;
  /** The key, the session or the password change that it is about. */
  readonly subjectId: Id | null;
  /** Null where nobody asked over the network. */
  readonly origin: Origin | null;
};

/** An event in its chain: each entry holds the hash of the one before it, and its own covers all of the entry. */
export type AuditEntry = AuditEvent & {
  readonly id: Id;
  readonly createdAt: Instant;
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
  /** Of the last one; null where there was none. */
  readonly hash: string | null;
  /** How many of the oldest were pruned. */
  readonly pruned: number;
  /** Of the last one that was pruned. */
  readonly prunedHash: string | null;
  /** Covers all of the above. */
  readonly seal: string;
};

/** A chain that nothing was appended to yet. */
export const emptyAuditChain = (serviceId: Id | null): AuditChain => ({
  serviceId,
  length: 0,
  hash: null,
  pruned: 0,
  prunedHash: null,
  seal: '',
});

/** What the hash of an entry is made of: one text for each entry, and no other entry's. */
export const auditEntryText = (entry: Omit<AuditEntry, 'hash'>): string =>
  JSON.stringify([
    'rekey audit entry v1',
    entry.serviceId,
    entry.sequence,
    entry.previousHash,
    entry.id,
    entry.createdAt,
    entry.action,
    entry.outcome,
    entry.userId,
    entry.subjectId,
    entry.origin && [entry.origin.address, entry.origin.client],
  ]);

/** What the seal of a chain is made of. */
export const auditChainText = (chain: Omit<AuditChain, 'seal'>): string =>
  JSON.stringify([
    'rekey audit chain v1',
    chain.serviceId,
    chain.length,
    chain.hash,
    chain.pruned,
    chain.prunedHash,
  ]);

const MAX_CLIENT_LENGTH = 200;

/** An origin as it is recorded: what clients say of themselves takes no more room than this. */
export const auditOrigin = ({ address, client }: Origin): Origin => ({
  address,
  client: client && [...client].slice(0, MAX_CLIENT_LENGTH).join(''),
});
