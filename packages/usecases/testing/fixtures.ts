import type {
  AuditChain,
  AuditEntry,
  Key,
  Origin,
  PasswordChange,
  Service,
  Session,
  User,
} from '@rekey/domain';
import type { PasswordChangedMail } from '../src/ports.ts';
import { sequentialIds } from './fakes.ts';

/** The instant at which the clocks of the tests start: 2026-01-02T03:04:05Z. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Where the requests of tests come from. */
export const ORIGIN: Origin = { address: '192.0.2.7', client: 'curl/8.0' };

const ids = sequentialIds();
const born = () => ({ id: ids.next(), createdAt: START, updatedAt: START });

export function aService(details: Partial<Service> = {}): Service {
  return {
    ...born(),
    name: 'Shop',
    url: 'https://shop.example',
    localUrl: 'https://shop.example/account',
    allowRegister: true,
    emailText: null,
    ...details,
  };
}

/** A user; every call makes another address. */
export function aUser(details: Partial<User> & Pick<User, 'createdBy'>): User {
  const user = born();
  return {
    ...user,
    isEnabled: true,
    name: 'Ada',
    email: `user-${user.id}@example.com`,
    locale: 'en',
    timezone: 'Etc/UTC',
    passwordAllowReset: true,
    passwordRequireUpdate: false,
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
    ...details,
  };
}

export function aSession(
  details: Partial<Session> & Pick<Session, 'userId' | 'serviceId' | 'keyId'>,
): Session {
  return { id: ids.next(), createdAt: START, expiresAt: START + 86_400_000, ...details };
}

export function aChange(
  details: Partial<PasswordChange> & Pick<PasswordChange, 'userId' | 'serviceId'>,
): PasswordChange {
  return {
    id: ids.next(),
    createdAt: START,
    email: 'owner@example.com',
    origin: ORIGIN,
    revokeKeyId: 'k1',
    expiresAt: START + 604_800_000,
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
    action: 'login',
    outcome: 'success',
    userId: ids.next(),
    subjectId: ids.next(),
    origin: ORIGIN,
    previousHash: null,
    hash: `hash-of-${id}`,
    ...details,
  };
}

/** A chain of one entry. */
export function aChain(details: Partial<AuditChain> & Pick<AuditChain, 'serviceId'>): AuditChain {
  return { length: 1, hash: 'hash', pruned: 0, prunedHash: null, seal: 'seal', ...details };
}

export function aMail(details: Partial<PasswordChangedMail> = {}): PasswordChangedMail {
  return {
    messageId: ids.next(),
    to: { name: 'Ada', address: 'owner@example.com' },
    locale: 'en',
    timezone: 'Etc/UTC',
    service: { name: 'Shop', emailText: null },
    changedAt: START,
    origin: ORIGIN,
    link: 'https://shop.example/account?type=update_password&email=owner%40example.com&token=t1',
    linkExpiresAt: START + 604_800_000,
    ...details,
  };
}
