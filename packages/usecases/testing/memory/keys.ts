import { type Id, type Instant, isUsable, type Key } from '@rekey/domain';
import type { Keys } from '../../src/ports/index.ts';
import type { KeyRow, Tables } from './tables.ts';

export function keys({ keys, services, users }: Tables): Keys {
  const isUsableToken = (key: Key) => key.type === 'TOKEN' && isUsable(key);
  const isOf = (key: Key, userId: Id, serviceId: Id) =>
    key.userId === userId && key.serviceId === serviceId;
  const findToken = (userId: Id, serviceId: Id) =>
    keys.find(({ key }) => isUsableToken(key) && isOf(key, userId, serviceId))?.key ?? null;
  const revoke = (row: KeyRow, now: Instant) => {
    const key = { ...row.key, updatedAt: now, isEnabled: false, isRevoked: true };
    keys.put(key.id, { ...row, key });
  };

  return {
    insert: async (key, secret) => {
      const { userId, serviceId } = key;
      if (isUsableToken(key) && userId && serviceId && findToken(userId, serviceId)) return false;
      keys.put(key.id, { key, secret, totpStep: null });
      return true;
    },
    get: async (id) => keys.get(id)?.key ?? null,
    findByDigest: async (digest) => {
      const row = keys.find(({ secret }) => 'digest' in secret && secret.digest === digest);
      if (!row) return null;
      const { key } = row;
      return {
        key,
        service: services.get(key.serviceId ?? '') ?? null,
        user: users.get(key.userId ?? '')?.user ?? null,
      };
    },
    findToken: async (userId, serviceId) => findToken(userId, serviceId),
    linksUser: async (userId, serviceId) =>
      keys.find(({ key }) => isOf(key, userId, serviceId)) !== undefined,
    revoke: async (id, now) => {
      const row = keys.get(id);
      if (!row || row.key.isRevoked) return false;
      revoke(row, now);
      return true;
    },
    revokeAllOf: async (userId, now) => {
      for (const row of keys.rows()) if (row.key.userId === userId) revoke(row, now);
    },
    findTotp: async (userId, serviceId) => {
      const found = keys
        .rows()
        .filter(({ key }) => key.type === 'TOTP' && isUsable(key) && isOf(key, userId, serviceId))
        .sort((a, b) => (a.key.id < b.key.id ? 1 : -1))[0];
      if (!found || !('sealed' in found.secret)) return null;
      return { id: found.key.id, sealed: found.secret.sealed };
    },
    spendTotpStep: async (id, step) => {
      const row = keys.get(id);
      if (!row || !isUsable(row.key) || (row.totpStep ?? -1) >= step) return false;
      keys.put(id, { ...row, totpStep: step });
      return true;
    },
  };
}
