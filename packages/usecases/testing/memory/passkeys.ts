import { goesOn, type Id } from '@rekey/domain';
import type { Passkeys } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function passkeys({ passkeys, passkeyChallenges }: Tables): Passkeys {
  const ofUser = (userId: Id) =>
    passkeys
      .rows()
      .filter((passkey) => passkey.userId === userId)
      .sort((a, b) => (a.id < b.id ? -1 : 1));

  return {
    insert: async (passkey) => {
      if (passkeys.find(({ credentialId }) => credentialId === passkey.credentialId)) return false;
      passkeys.put(passkey.id, passkey);
      return true;
    },
    find: async (credentialId) =>
      passkeys.find((passkey) => passkey.credentialId === credentialId) ?? null,
    ofUser: async (userId) => ofUser(userId),
    use: async (id, { at, counter, isBackedUp }) => {
      const passkey = passkeys.get(id);
      if (!passkey || !goesOn(passkey.counter, counter)) return false;
      passkeys.put(id, { ...passkey, lastUsedAt: at, counter, isBackedUp });
      return true;
    },
    delete: async (id, userId) => {
      if (passkeys.get(id)?.userId !== userId) return false;
      passkeys.delete(id);
      return true;
    },
    deleteAllOf: async (userId) => {
      const all = ofUser(userId);
      for (const { id } of all) passkeys.delete(id);
      return all;
    },
    spendChallenge: async (challenge, expiresAt) => {
      if (passkeyChallenges.get(challenge)) return false;
      passkeyChallenges.put(challenge, { challenge, expiresAt });
      return true;
    },
    pruneChallenges: async (now, limit) => {
      const expired = passkeyChallenges
        .rows()
        .filter(({ expiresAt }) => expiresAt <= now)
        .slice(0, limit);
      for (const { challenge } of expired) passkeyChallenges.delete(challenge);
      return expired.length;
    },
  };
}
