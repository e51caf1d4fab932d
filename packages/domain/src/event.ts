import type { FactorKind } from './factor.ts';
import type { Id, Instant } from './ids.ts';
import type { Key, KeyType } from './key.ts';

/** An instant as the wire has it (RFC 3339), in UTC. */
type Moment = string;
/** The names of fields as the API has them. */
type FieldNames = readonly string[];
/** No member at all. */
type Nothing = Readonly<Record<string, never>>;
/** The session that goes on where all others end; the service that it belongs to is the only one that is told of it. */
type Spared = { readonly kept_session_id?: Id };
type OfKey = { readonly key_type: KeyType };
type Expiring = { readonly expires_at: Moment | null };

/** What an event says beside its ids, under the names of the wire: ids, names of fields and instants, never a value of a person. */
export type EventDataOf = {
  readonly 'user.created': Nothing;
  readonly 'user.updated': { readonly fields: FieldNames };
  readonly 'user.deleted': Nothing;
  readonly 'user.disabled': Nothing;
  readonly 'user.locked': Nothing;
  readonly 'user.recovered': Nothing;
  readonly 'user.adopted': Nothing;
  readonly 'password.changed': Spared;
  readonly 'password.reset': Nothing;
  readonly 'email.validated': Nothing;
  readonly 'email.changed': Spared;
  readonly 'factor.added': { readonly kind: FactorKind };
  readonly 'factor.removed': { readonly kind: FactorKind };
  readonly 'session.started': { readonly key_id: Id } & Expiring;
  readonly 'session.ended': Spared;
  readonly 'token.theft': Nothing;
  readonly 'key.created': OfKey & Expiring;
  readonly 'key.updated': OfKey & Expiring & { readonly fields: FieldNames };
  readonly 'key.rotated': OfKey & { readonly overlap_ends_at: Moment | null };
  readonly 'key.revoked': OfKey;
  readonly 'key.expiring': OfKey & Expiring;
  readonly 'throttle.reached': Nothing;
  readonly 'service.disabled': Nothing;
  readonly 'service.deleted': Nothing;
  readonly 'webhook.disabled': Nothing;
};

export type EventType = keyof EventDataOf;

/** The documentation of a type, in Markdown. */
type EventTypeText = {
  readonly when: string;
  /** The subject of its events; empty for none. */
  readonly subject: string;
  /** What the members of `data` mean; empty where there are none. */
  readonly data: string;
};

const LEARNS = 'to the service that it happened through alone; null for the others';
const SPARED =
  '`kept_session_id`: the session of the service that asked and goes on; missing where all ended';
const KEY_TYPE = '`key_type`: `KEY`, `TOKEN` or `TOTP`';
const EXPIRES = '`expires_at`: when it expires, null for never';
const KIND = `\`kind\`: ${'`totp`, `passkey`, `recovery_codes`, `google`, `github` or `microsoft`'}`;

/** Everything that services are told. docs/event-types.md is made of these texts. */
export const eventTypeTexts: Readonly<Record<EventType, EventTypeText>> = {
  'user.created': {
    when: 'a user is created, or comes into the sight of the service',
    subject: '',
    data: '',
  },
  'user.updated': {
    when: 'fields of a user change, or its roles',
    subject: '',
    data: '`fields`: their names; `attributes` are named to the service that keeps them alone',
  },
  'user.deleted': {
    when: 'a user is deleted, or leaves the sight of the service',
    subject: '',
    data: '',
  },
  'user.disabled': {
    when: 'a user is disabled: its sessions end everywhere',
    subject: '',
    data: '',
  },
  'user.locked': {
    when: 'the owner of an account presses the link of a mail ("this was not me"): its sessions end, its keys are revoked',
    subject: `the one-time token of the link, ${LEARNS}`,
    data: '',
  },
  'user.recovered': {
    when: 'the owner of a locked account takes it back',
    subject: `the one-time token of the mail about it, ${LEARNS}`,
    data: '',
  },
  'user.adopted': {
    when: 'another service makes a key of the user, and sees the user from then on',
    subject: '',
    data: '',
  },
  'password.changed': {
    when: 'somebody who knows the password changes it: sessions end',
    subject: `the one-time token of the mail about it, ${LEARNS}`,
    data: SPARED,
  },
  'password.reset': {
    when: 'somebody sets the password with the link of a mail: sessions end everywhere',
    subject: `the one-time token of the mail about it, ${LEARNS}`,
    data: '',
  },
  'email.validated': { when: 'a mail to the address reaches its owner', subject: '', data: '' },
  'email.changed': {
    when: 'an account has another address: sessions end',
    subject: `the one-time token of the mail about it, ${LEARNS}`,
    data: SPARED,
  },
  'factor.added': {
    when: 'somebody adds a factor to an account',
    subject: `the factor, ${LEARNS}`,
    data: KIND,
  },
  'factor.removed': {
    when: 'a factor of an account is removed',
    subject: `the factor, ${LEARNS}`,
    data: KIND,
  },
  'session.started': {
    when: 'a login succeeds',
    subject: 'the session',
    data: '`key_id`: the TOKEN key that it rests on; `expires_at`: when it ends by itself, unless a refresh puts that off',
  },
  'session.ended': {
    when: 'a session ends before its time; where many of a user end at once at the service, it is told once',
    subject: 'the session; null for all of the user at the service',
    data: '`kept_session_id`: the one that goes on where all others end',
  },
  'token.theft': {
    when: 'a refresh token comes back that was spent: two hold it, and its session ends',
    subject: 'the session',
    data: '',
  },
  'key.created': { when: 'a key is made', subject: 'the key', data: `${KEY_TYPE}; ${EXPIRES}` },
  'key.updated': {
    when: 'a key is changed, disabled or enabled; with a TOKEN key that is disabled its sessions end',
    subject: 'the key',
    data: `${KEY_TYPE}; ${EXPIRES}; \`fields\`: what changed`,
  },
  'key.rotated': {
    when: 'a key has another value',
    subject: 'the key',
    data: `${KEY_TYPE}; \`overlap_ends_at\`: until when the value from before works as well, null for no longer`,
  },
  'key.revoked': {
    when: 'a key is revoked or deleted; with a TOKEN key its sessions end',
    subject: 'the key',
    data: KEY_TYPE,
  },
  'key.expiring': {
    when: 'a key expires within a week',
    subject: 'the key',
    data: `${KEY_TYPE}; ${EXPIRES}`,
  },
  'throttle.reached': { when: 'a client that tried too often has to wait', subject: '', data: '' },
  'service.disabled': { when: 'the service is disabled', subject: '', data: '' },
  'service.deleted': { when: 'the service is deleted', subject: '', data: '' },
  'webhook.disabled': {
    when: 'a webhook is disabled, because nothing that was sent to it was taken for three days',
    subject: 'the webhook',
    data: '',
  },
};

export const eventTypes = Object.keys(eventTypeTexts) as readonly EventType[];

/** The types after which something that was trusted may not be trusted any more. */
const endingTrust: ReadonlySet<EventType> = new Set([
  'user.deleted',
  'user.disabled',
  'user.locked',
  'password.changed',
  'password.reset',
  'email.changed',
  'session.ended',
  'token.theft',
  'key.updated',
  'key.rotated',
  'key.revoked',
  'service.disabled',
  'service.deleted',
]);

/** The fields of a key whose change ends trust in it. */
const trustedFields: readonly string[] = ['is_enabled', 'expires_at', 'scopes'];

/** Whether an event ends trust in sessions, keys or users. */
export function endsTrust({ type, data }: Pick<Event, 'type' | 'data'>): boolean {
  // No event comes when a key expires.
  if (type === 'key.created') return (data as EventDataOf['key.created']).expires_at !== null;
  if (type !== 'key.updated') return endingTrust.has(type);
  const { fields } = data as EventDataOf['key.updated'];
  return fields.some((field) => trustedFields.includes(field));
}

type Common = {
  readonly id: Id;
  readonly createdAt: Instant;
  /** The service that is told. */
  readonly serviceId: Id;
  readonly userId: Id | null;
  /** The session, key, factor, webhook or one-time token that it is about. */
  readonly subjectId: Id | null;
};

/** A change, as far as services may know of it: nothing of it is personal. */
export type Event = Common & {
  readonly type: EventType;
  /** As its type has it. */
  readonly data: EventDataOf[EventType];
};

/** An event that happens now. `data` may be left out where no member of it has to be there. */
export type News = {
  [T in EventType]: Pick<Common, 'serviceId' | 'userId'> &
    Partial<Pick<Common, 'subjectId'>> & { readonly type: T } & DataOf<T>;
}[EventType];

type DataOf<T extends EventType> = Nothing extends EventDataOf[T]
  ? { readonly data?: EventDataOf[T] }
  : { readonly data: EventDataOf[T] };

export const momentOf = (instant: Instant): Moment => new Date(instant).toISOString();

/** What the events of a key say of it. */
export const keyData = ({ type, expiresAt }: Pick<Key, 'type' | 'expiresAt'>) => ({
  key_type: type,
  expires_at: expiresAt === null ? null : momentOf(expiresAt),
});
