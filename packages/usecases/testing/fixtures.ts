import {
  type AuditChain,
  type AuditEntry,
  type Challenge,
  type Delivery,
  type Event,
  type Id,
  type Key,
  noFactors,
  type OneTimeToken,
  type Origin,
  type Passkey,
  type PendingEntry,
  type Place,
  type ProviderLink,
  type Service,
  type Session,
  serviceDefaults,
  type TotpSeed,
  type User,
  type Webhook,
} from '@rekey/domain';
import type { Notice, SequencedEvent } from '../src/ports/index.ts';
import { sequentialIds } from './fakes/clock.ts';

/** The instant at which the clocks of the tests start: 2026-01-02T03:04:05Z. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Where the requests of tests come from. */
export const ORIGIN: Origin = { address: '192.0.2.7', client: 'curl/8.0' };

/** Where the hashes of tests are asked for that are about no place. */
export const PLACE: Place = { serviceId: '01900000-0000-7000-8000-0000000000aa', origin: ORIGIN };

const A_WEEK_MS = 604_800_000;

const ids = sequentialIds();
const born = () => ({ id: ids.next(), createdAt: START, updatedAt: START });

/** An id of nothing. */
export const anId = () => ids.next();

export function aService(details: Partial<Service> = {}): Service {
  return {
    ...born(),
    name: 'Shop',
    url: 'https://shop.example',
    ...serviceDefaults,
    providerLocalUrl: 'https://shop.example/account',
    userAllowRegister: true,
    ...details,
  };
}

/** A user; every call makes another address. */
export function aUser(details: Partial<User> & Pick<User, 'createdBy'>): User {
  const user = born();
  return {
    ...user,
    isEnabled: true,
    isLocked: false,
    isDisabledByOperator: false,
    isAdmin: false,
    name: 'Ada',
    email: `user-${user.id}@example.com`,
    emailValid: false,
    emailProven: false,
    emailChanged: false,
    locale: 'en',
    timezone: 'Etc/UTC',
    passwordAllowReset: true,
    passwordRequireUpdate: false,
    lastLoginAt: null,
    factors: noFactors,
    ...details,
  };
}

export function aProviderLink(
  details: Partial<ProviderLink> & Pick<ProviderLink, 'userId'>,
): ProviderLink {
  const id = ids.next();
  return {
    id,
    createdAt: START,
    lastUsedAt: null,
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: `subject-${id}`,
    ...details,
  };
}

export function aKey(details: Partial<Key> & Pick<Key, 'serviceId' | 'userId'>): Key {
  return {
    ...born(),
    isEnabled: true,
    isRevoked: false,
    type: 'TOKEN',
    name: 'web',
    prefix: 'Ab3-_9xY',
    scopes: [],
    expiresAt: null,
    lastUsedAt: null,
    ...details,
  };
}

export function aSession(
  details: Partial<Session> & Pick<Session, 'userId' | 'serviceId' | 'keyId'>,
): Session {
  return {
    id: ids.next(),
    createdAt: START,
    lastUsedAt: START,
    expiresAt: START + 86_400_000,
    origin: ORIGIN,
    amr: ['pwd'],
    authenticatedAt: START,
    ...details,
  };
}

/** A seed that waits to be confirmed, for ten minutes. */
export function aTotpSeed(details: Partial<TotpSeed> & Pick<TotpSeed, 'userId'>): TotpSeed {
  const id = ids.next();
  const unused = { step: null, lastUsedAt: null };
  const expiresAt = START + 600_000;
  return { id, createdAt: START, expiresAt, sealed: `sealed-${id}`, ...unused, ...details };
}

/** A proof of a password that waits for a second factor, for five minutes. */
export function aChallenge(details: Partial<Challenge> & Pick<Challenge, 'userId'>): Challenge {
  const id = ids.next();
  return {
    digest: `digest-${id}`,
    kind: 'login',
    serviceId: ids.next(),
    version: 1,
    amr: ['pwd'],
    mark: `mark-${id}`,
    deviceId: null,
    createdAt: START,
    expiresAt: START + 300_000,
    ...details,
  };
}

export function aOneTimeToken(
  details: Partial<OneTimeToken> & Pick<OneTimeToken, 'userId' | 'serviceId'>,
): OneTimeToken {
  return {
    id: ids.next(),
    purpose: 'update_password',
    email: 'owner@example.com',
    origin: ORIGIN,
    keyId: 'k1',
    createdAt: START,
    expiresAt: START + A_WEEK_MS,
    version: null,
    details: null,
    ...details,
  };
}

export function aPasskey(details: Partial<Passkey> & Pick<Passkey, 'userId'>): Passkey {
  const id = ids.next();
  return {
    id,
    createdAt: START,
    lastUsedAt: null,
    name: 'Phone',
    credentialId: `credential-${id}`,
    publicKey: `public-key-${id}`,
    rpId: 'rekey.example',
    counter: 0,
    transports: ['internal', 'hybrid'],
    isBackupEligible: true,
    isBackedUp: false,
    isUserVerified: true,
    ...details,
  };
}

/** The delivery of a one-time token, owed when the token was made. */
export function aDelivery(
  token: OneTimeToken<Id | null>,
  details: Partial<Delivery> = {},
): Delivery {
  return {
    id: ids.next(),
    createdAt: token.createdAt,
    channel: 'mail',
    kind: token.purpose,
    tokenId: token.id,
    userId: token.userId,
    serviceId: token.serviceId,
    to: token.email,
    locale: 'en',
    timezone: 'Etc/UTC',
    deadline: token.expiresAt,
    ...details,
  };
}

export function anEvent(details: Partial<Event> & Pick<Event, 'serviceId'>): Event {
  return {
    id: ids.next(),
    createdAt: START,
    type: 'user.created',
    userId: null,
    subjectId: null,
    data: {},
    ...details,
  };
}

/** So many events of a service, at the first places of its feed. */
export const aFeed = (
  serviceId: Id,
  count: number,
  details: Partial<Pick<SequencedEvent, 'createdAt' | 'userId'>> = {},
): SequencedEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    ...anEvent({ serviceId }),
    ...details,
    sequence: index + 1,
  }));

export function aWebhook(details: Partial<Webhook> & Pick<Webhook, 'serviceId'>): Webhook {
  return {
    ...born(),
    url: 'https://shop.example/hook',
    types: [],
    description: '',
    isEnabled: true,
    disabledAt: null,
    overlapEndsAt: null,
    ...details,
  };
}

/** An entry of the audit that stands alone. */
export function anAuditEntry(
  details: Partial<AuditEntry> & Pick<AuditEntry, 'serviceId'>,
): AuditEntry {
  const id = ids.next();
  return {
    id,
    createdAt: START,
    sequence: 1,
    type: 'sso:AuthLocalLogin',
    outcome: 'success',
    statusCode: 0,
    userId: ids.next(),
    keyId: null,
    userKeyId: null,
    subjectId: ids.next(),
    subject: null,
    origin: ORIGIN,
    data: null,
    salt: `salt-of-${id}`,
    textDigest: `digest-of-${id}`,
    count: 1,
    previousHash: null,
    hash: `hash-of-${id}`,
    ...details,
  };
}

/** An entry that waits for its place. */
export function aPendingEntry(serviceId: Id | null): PendingEntry {
  const { sequence: _, previousHash: __, hash, ...entry } = anAuditEntry({ serviceId });
  return { entry, proverId: null, mac: `mac-of-${hash}` };
}

/** A chain of one entry. */
export function aChain(details: Partial<AuditChain> & Pick<AuditChain, 'serviceId'>): AuditChain {
  const bare = { length: 1, hash: 'hash', pruned: 0, prunedHash: null, prunedUntil: null };
  return { ...bare, seal: 'seal', ...details };
}

export function aNotice(details: Partial<Notice> = {}): Notice {
  return {
    id: ids.next(),
    kind: 'update_password',
    to: 'owner@example.com',
    locale: 'en',
    timezone: 'Etc/UTC',
    service: { name: 'Shop', emailText: null },
    supportUrl: null,
    newEmail: null,
    key: null,
    factor: null,
    happenedAt: START,
    origin: ORIGIN,
    link: 'https://shop.example/account?type=update_password&email=owner%40example.com&token=t1',
    linkExpiresAt: START + A_WEEK_MS,
    ...details,
  };
}
