import { hasExpired, type Id, type Instant, isUsable, type Key } from '@rekey/domain';
import type { Keys, KeyUpdate } from '../../src/ports/index.ts';
import { pageOf } from './page.ts';
import { seenUser } from './seen-user.ts';
import type { KeyRow, Tables } from './tables.ts';

export function keys(tables: Tables): Keys {
  const { keys, services, users, sessions, refreshTokens } = tables;
  const isOf = (key: Key, userId: Id, serviceId: Id) =>
    key.userId === userId && key.serviceId === serviceId;
  const put = (row: KeyRow, changes: Partial<Key>) =>
    keys.put(row.key.id, { ...row, key: { ...row.key, ...changes } });

  /** Whether a key is one of which there is one at most, and no other of that kind; one that has expired gives way. */
  const takesPlace = (key: KeyUpdate): boolean => {
    const { id, type, userId, serviceId, updatedAt } = key;
    if (type === 'KEY' || !key.isEnabled || key.isRevoked || !userId || !serviceId) return true;
    const other = keys.find(
      (row) =>
        row.key.id !== id &&
        row.key.type === type &&
        isOf(row.key, userId, serviceId) &&
        row.key.isEnabled &&
        !row.key.isRevoked,
    );
    if (!other) return true;
    if (!hasExpired(other.key, updatedAt)) return false;
    put(other, { isEnabled: false, updatedAt });
    return true;
  };

  const findUsable = (type: Key['type'], userId: Id, serviceId: Id, now: Instant) =>
    keys.find(({ key }) => key.type === type && isOf(key, userId, serviceId) && isUsable(key, now));
  const revokedAt = (updatedAt: Instant) => ({ updatedAt, isEnabled: false, isRevoked: true });
  const revoke = (row: KeyRow, now: Instant) => put(row, revokedAt(now));

  return {
    insert: async (key, secret) => {
      if (!takesPlace(key)) return false;
      keys.put(key.id, { key, secret, totpStep: null, expiryTold: null, previous: null });
      return true;
    },
    get: async (id) => keys.get(id)?.key ?? null,
    list: async ({ ids, types, isEnabled, isRevoked, serviceIds, userIds }, page) =>
      pageOf(
        keys
          .rows()
          .map(({ key }) => key)
          .filter(
            (key) =>
              (ids?.includes(key.id) ?? true) &&
              (types?.includes(key.type) ?? true) &&
              (isEnabled ?? key.isEnabled) === key.isEnabled &&
              (isRevoked ?? key.isRevoked) === key.isRevoked &&
              (serviceIds?.includes(key.serviceId ?? '') ?? true) &&
              (userIds?.includes(key.userId ?? '') ?? true),
          ),
        page,
      ),
    findByDigest: async (digest, now) => {
      const row =
        keys.find(({ secret }) => secret.digest === digest) ??
        keys.find(({ previous }) => previous?.digest === digest && previous.endsAt > now);
      if (!row) return null;
      const { key } = row;
      const user = users.get(key.userId ?? '')?.user;
      return {
        key,
        service: services.get(key.serviceId ?? '') ?? null,
        user: user ? seenUser(tables, user, key.serviceId) : null,
      };
    },
    findToken: async (userId, serviceId, now) =>
      findUsable('TOKEN', userId, serviceId, now)?.key ?? null,
    linksUser: async (userId, serviceId) =>
      keys.find(({ key }) => key.type !== 'TOTP' && isOf(key, userId, serviceId)) !== undefined,
    lock: async (id) => keys.get(id)?.key ?? null,
    lockOwn: async (serviceId) =>
      keys
        .rows()
        .map(({ key }) => key)
        .filter((key) => key.serviceId === serviceId && key.userId === null)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    update: async (key) => {
      const row = keys.get(key.id);
      if (!row) throw new Error('a key that is changed is locked');
      if (!takesPlace(key)) return false;
      const { updatedAt, isEnabled, name, scopes, expiresAt } = key;
      put(row, { updatedAt, isEnabled, name, scopes, expiresAt });
      return true;
    },
    rotate: async (id, { secret, prefix, overlapEndsAt }, now) => {
      const row = keys.get(id);
      if (!row) return;
      keys.put(id, {
        key: { ...row.key, prefix, updatedAt: now },
        secret,
        totpStep: null,
        expiryTold: row.expiryTold,
        previous:
          overlapEndsAt === null ? null : { digest: row.secret.digest, endsAt: overlapEndsAt },
      });
    },
    revoke: async (id, now) => {
      const row = keys.get(id);
      if (!row || row.key.isRevoked) return false;
      revoke(row, now);
      return true;
    },
    revokeAllOf: async (userId, now) => {
      const rows = keys.rows().filter(({ key }) => key.userId === userId && !key.isRevoked);
      for (const row of rows) revoke(row, now);
      return rows.map(({ key }) => ({ ...key, ...revokedAt(now) }));
    },
    delete: async (id) => {
      for (const { session } of sessions.rows()) {
        if (session.keyId !== id) continue;
        for (const [digest, { sessionId }] of refreshTokens.entries()) {
          if (sessionId === session.id) refreshTokens.delete(digest);
        }
        sessions.delete(session.id);
      }
      keys.delete(id);
    },
    touch: async (uses) => {
      for (const { id, at } of uses) {
        const row = keys.get(id);
        if (row && (row.key.lastUsedAt ?? 0) < at) put(row, { lastUsedAt: at });
      }
    },
    expiring: async (now, until, limit) =>
      keys
        .rows()
        .filter(({ key, expiryTold }) => {
          const { type, userId, expiresAt } = key;
          const isSoon = expiresAt !== null && expiresAt <= until && expiresAt !== expiryTold;
          const isOwned = users.get(userId ?? '')?.user.isEnabled ?? false;
          return type === 'KEY' && isSoon && isOwned && isUsable(key, now);
        })
        .map(({ key }) => key)
        .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))
        .slice(0, limit),
    noteExpiryTold: async (id) => {
      const row = keys.get(id);
      if (row) keys.put(id, { ...row, expiryTold: row.key.expiresAt });
    },
    findTotp: async (userId, serviceId, now) => {
      const found = findUsable('TOTP', userId, serviceId, now);
      return found?.secret.sealed === undefined
        ? null
        : { id: found.key.id, sealed: found.secret.sealed };
    },
    spendTotpStep: async (id, step) => {
      const row = keys.get(id);
      if (!row?.key.isEnabled || row.key.isRevoked || (row.totpStep ?? -1) >= step) return false;
      keys.put(id, { ...row, totpStep: step });
      return true;
    },
  };
}
