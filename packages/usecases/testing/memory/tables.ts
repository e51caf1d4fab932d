import type {
  Attributes,
  AuditChain,
  AuditEntry,
  AuditSum,
  Challenge,
  Credential,
  Delivery,
  Event,
  Id,
  Instant,
  Key,
  OneTimeToken,
  Passkey,
  PendingEntry,
  ProviderLink,
  Service,
  Session,
  TotpSeed,
  User,
  WebhookAnswer,
  WebhookDelivery,
} from '@rekey/domain';
import type {
  CsrfTokens,
  ImportState,
  KeptAnswer,
  KeptWebhook,
  KeySecret,
  ProviderState,
  SequencedEvent,
  StoredBucket,
  UserLock,
} from '../../src/ports/index.ts';
import { type Journal, Table } from './table.ts';

export type Tables = {
  readonly services: Table<Id, Service>;
  /** When each was. */
  readonly deletedServices: Table<Id, Instant>;
  readonly users: Table<Id, UserRow>;
  /** By user and hash. */
  readonly pastPasswords: Table<string, PastPasswordRow>;
  /** By user and service; the operator is `all`. */
  readonly userAttributes: Table<string, AttributesRow>;
  readonly keys: Table<Id, KeyRow>;
  readonly sessions: Table<Id, SessionRow>;
  readonly refreshTokens: Table<string, RefreshTokenRow>;
  readonly totpSeeds: Table<Id, TotpSeed>;
  /** By user and digest. */
  readonly recoveryCodes: Table<string, { readonly userId: Id; readonly digest: string }>;
  readonly challenges: Table<string, Challenge>;
  readonly passkeys: Table<Id, Passkey>;
  readonly passkeyChallenges: Table<string, PasskeyChallengeRow>;
  readonly csrfTokens: Table<string, CsrfTokenRow>;
  readonly providerLinks: Table<Id, ProviderLink>;
  readonly providerStates: Table<string, ProviderState>;
  readonly oneTimeTokens: Table<Id, OneTimeTokenRow>;
  readonly deliveries: Table<Id, DeliveryRow>;
  readonly throttles: Table<string, StoredBucket>;
  readonly auditChains: Table<Id | null, AuditChain>;
  readonly audit: Table<Id, AuditEntry>;
  readonly auditSums: Table<string, AuditSum>;
  readonly events: Table<Id, SequencedEvent>;
  /** By service: the place of the newest event that it ever had. */
  readonly feeds: Table<Id, number>;
  /** By position. */
  readonly pending: Table<number, PendingRow>;
  readonly keptAnswers: Table<string, KeptAnswer>;
  readonly imports: Table<string, ImportState>;
  readonly webhooks: Table<Id, WebhookRow>;
  /** By webhook and event. */
  readonly webhookDeliveries: Table<string, WebhookDeliveryRow>;
};

/** What has no place yet. */
export type PendingRow = { readonly event: Event } | { readonly pending: PendingEntry };

export type UserRow = {
  readonly user: User;
  readonly credential: Credential;
  readonly idleSince: Instant | null;
  readonly lock: (UserLock & { readonly wasEnabled: boolean }) | null;
};

/** The row of a user who is new. */
export const newUserRow = (
  user: User,
  passwordHash: string | null,
  idleSince: Instant | null,
): UserRow => ({
  user,
  credential: { passwordHash, version: 1, sealedQuality: null, deviceEpoch: 1, networks: null },
  idleSince,
  lock: null,
});

export type PastPasswordRow = {
  readonly userId: Id;
  readonly hash: string;
  readonly replacedAt: Instant;
  readonly isRecent: boolean;
};

export type AttributesRow = {
  readonly userId: Id;
  readonly serviceId: Id | null;
  readonly attributes: Attributes;
};

export type KeyRow = {
  readonly key: Key;
  readonly secret: KeySecret;
  readonly totpStep: number | null;
  /** The expiry that the owner was told of. */
  readonly expiryTold: number | null;
  /** The digest before a rotation, while it is good. */
  readonly previous: { readonly digest: string; readonly endsAt: Instant } | null;
};

export type SessionRow = { readonly session: Session; readonly endedAt: Instant | null };

type RefreshTokenRow = {
  readonly sessionId: Id;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly isSpent: boolean;
};

type PasskeyChallengeRow = { readonly challenge: string; readonly expiresAt: Instant };

type CsrfTokenRow = Parameters<CsrfTokens['insert']>[0];

export type OneTimeTokenRow = {
  readonly token: OneTimeToken<Id | null>;
  readonly spentAt: Instant | null;
  /** When its mail was redirected to the address that it has now; null where that is the first one. */
  readonly readdressedAt: Instant | null;
};

export type DeliveryRow = {
  readonly delivery: Delivery;
  readonly attempts: number;
  readonly dueAt: Instant;
  readonly sentAt: Instant | null;
  readonly deadAt: Instant | null;
  readonly reason: string | null;
};

export type WebhookRow = {
  readonly kept: KeptWebhook;
  /** The number of its last lease. */
  readonly lease: number;
  readonly leasedUntil: Instant;
  readonly isDeleted: boolean;
};

export type WebhookDeliveryRow = Pick<
  WebhookDelivery,
  'type' | 'createdAt' | 'userId' | 'attempts' | 'dueAt' | 'deliveredAt'
> & {
  readonly webhookId: Id;
  readonly eventId: Id;
  readonly sequence: number;
  readonly failingSince: Instant | null;
  readonly last: WebhookAnswer | null;
};

/** Whether a delivery is sent, or given up. */
export const isClosed = ({ sentAt, deadAt }: DeliveryRow): boolean =>
  sentAt !== null || deadAt !== null;

/** What is left of the person in a right of a deleted account. */
export const NOBODY = {
  email: '',
  origin: { address: '', client: null },
  details: null,
} as const;

export const emptyTables = (journal: Journal): Tables => ({
  services: new Table(journal),
  deletedServices: new Table(journal),
  users: new Table(journal),
  pastPasswords: new Table(journal),
  userAttributes: new Table(journal),
  keys: new Table(journal),
  sessions: new Table(journal),
  refreshTokens: new Table(journal),
  totpSeeds: new Table(journal),
  recoveryCodes: new Table(journal),
  challenges: new Table(journal),
  passkeys: new Table(journal),
  passkeyChallenges: new Table(journal),
  csrfTokens: new Table(journal),
  providerLinks: new Table(journal),
  providerStates: new Table(journal),
  oneTimeTokens: new Table(journal),
  deliveries: new Table(journal),
  throttles: new Table(journal),
  auditChains: new Table(journal),
  audit: new Table(journal),
  auditSums: new Table(journal),
  events: new Table(journal),
  feeds: new Table(journal),
  pending: new Table(journal),
  keptAnswers: new Table(journal),
  imports: new Table(journal),
  webhooks: new Table(journal),
  webhookDeliveries: new Table(journal),
});
