import type { Credential, Id, User } from '@rekey/domain';
import type { Users } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function users({ users }: Tables): Users {
  const change = (id: Id, user: Partial<User>, credential: Partial<Credential>) => {
    const row = users.get(id);
    if (!row) return;
    users.put(id, {
      user: { ...row.user, ...user },
      credential: { ...row.credential, ...credential },
    });
  };

  return {
    insert: async (user, passwordHash) => {
      if (users.find((row) => row.user.email === user.email)) return false;
      users.put(user.id, {
        user,
        credential: { passwordHash, version: 1, sealedQuality: null, deviceEpoch: 1 },
      });
      return true;
    },
    get: async (id) => users.get(id)?.user ?? null,
    exist: async () => users.size > 0,
    findByEmail: async (email) => users.find(({ user }) => user.email === email) ?? null,
    changePassword: async (id, version, passwordHash, now) => {
      const row = users.get(id);
      if (!row?.user.isEnabled || row.credential.version !== version) return false;
      const user = { updatedAt: now, passwordRequireUpdate: false };
      change(id, user, { passwordHash, version: version + 1 });
      return true;
    },
    upgradeHash: async (id, oldHash, newHash) => {
      if (users.get(id)?.credential.passwordHash !== oldHash) return false;
      change(id, {}, { passwordHash: newHash });
      return true;
    },
    keepQuality: async (id, sealed) => change(id, {}, { sealedQuality: sealed }),
    lock: async (id) => users.get(id) ?? null,
    lockOut: async (id, now) => {
      const { version = 0, deviceEpoch = 0 } = users.get(id)?.credential ?? {};
      const user = { updatedAt: now, isEnabled: false, isLocked: true };
      change(id, user, {
        passwordHash: null,
        version: version + 1,
        deviceEpoch: deviceEpoch + 1,
      });
    },
  };
}
