import type { Challenge, Id, Instant, Provider } from '@rekey/domain';
import type { Factors } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function factors({
  totpSeeds,
  recoveryCodes,
  challenges,
  passkeys,
  providerLinks,
}: Tables): Factors {
  const seedsOf = (userId: Id) => totpSeeds.rows().filter((seed) => seed.userId === userId);
  const confirmedOf = (userId: Id) =>
    seedsOf(userId).find(({ expiresAt }) => expiresAt === null) ?? null;
  const pendingOf = (userId: Id) =>
    seedsOf(userId).find(({ expiresAt }) => expiresAt !== null) ?? null;

  const codesOf = (userId: Id) => recoveryCodes.rows().filter((row) => row.userId === userId);
  const codeKey = (userId: Id, digest: string) => `${userId} ${digest}`;
  const deleteCodes = (userId: Id) => {
    for (const { digest } of codesOf(userId)) recoveryCodes.delete(codeKey(userId, digest));
  };

  const isGood = ({ expiresAt }: Challenge, now: Instant) => expiresAt > now;

  return {
    insertSeed: async (seed) => {
      const before = pendingOf(seed.userId);
      if (before) totpSeeds.delete(before.id);
      totpSeeds.put(seed.id, seed);
    },
    seedsOf: async (userId, now) => {
      const pending = pendingOf(userId);
      const isOver = (pending?.expiresAt ?? 0) <= now;
      return { confirmed: confirmedOf(userId), pending: isOver ? null : pending };
    },
    confirmSeed: async (id, step, now) => {
      const seed = totpSeeds.get(id);
      if (!seed || (seed.expiresAt ?? 0) <= now) return false;
      const before = confirmedOf(seed.userId);
      if (before) totpSeeds.delete(before.id);
      totpSeeds.put(id, { ...seed, expiresAt: null, step, lastUsedAt: now });
      return true;
    },
    spendStep: async (id, step, now) => {
      const seed = totpSeeds.get(id);
      if (seed?.expiresAt !== null || (seed.step !== null && seed.step >= step)) return false;
      totpSeeds.put(id, { ...seed, step, lastUsedAt: now });
      return true;
    },
    deleteSeeds: async (userId) => {
      const count = confirmedOf(userId) === null ? 0 : 1;
      for (const { id } of seedsOf(userId)) totpSeeds.delete(id);
      deleteCodes(userId);
      return count;
    },
    replaceCodes: async (userId, digests) => {
      deleteCodes(userId);
      for (const digest of digests) recoveryCodes.put(codeKey(userId, digest), { userId, digest });
    },
    countCodes: async (userId) => codesOf(userId).length,
    hasCode: async (userId, digest) => recoveryCodes.has(codeKey(userId, digest)),
    spendCode: async (userId, digest) => {
      const key = codeKey(userId, digest);
      const isThere = recoveryCodes.has(key);
      if (isThere) recoveryCodes.delete(key);
      return isThere;
    },
    insertChallenge: async (challenge) => challenges.put(challenge.digest, challenge),
    findChallenge: async (digest, now) => {
      const found = challenges.get(digest);
      return found && isGood(found, now) ? found : null;
    },
    latestChallenge: async (of, now) =>
      challenges
        .rows()
        .filter(
          (each) =>
            each.userId === of.userId &&
            each.serviceId === of.serviceId &&
            each.mark === of.mark &&
            each.kind === of.kind &&
            isGood(each, now),
        )
        .sort((a, b) => b.createdAt - a.createdAt)[0] ?? null,
    spendChallenge: async (digest, now) => {
      const found = challenges.get(digest);
      if (!found || !isGood(found, now)) return false;
      challenges.delete(digest);
      return true;
    },
    endChallenges: async (userId) => {
      for (const each of challenges.rows()) {
        if (each.userId === userId) challenges.delete(each.digest);
      }
    },
    countUsers: async () => {
      const linkedWith = (provider: Provider) =>
        providerLinks.rows().filter((link) => link.provider === provider).length;
      return {
        totp: totpSeeds.rows().filter(({ expiresAt }) => expiresAt === null).length,
        passkey: new Set(passkeys.rows().map(({ userId }) => userId)).size,
        google: linkedWith('google'),
        github: linkedWith('github'),
        microsoft: linkedWith('microsoft'),
      };
    },
    prune: async (now, limit) => {
      const over = challenges.rows().filter((each) => !isGood(each, now));
      const seeds = totpSeeds
        .rows()
        .filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
      const gone = [over.slice(0, limit), seeds.slice(0, limit)] as const;
      for (const { digest } of gone[0]) challenges.delete(digest);
      for (const { id } of gone[1]) totpSeeds.delete(id);
      return gone[0].length + gone[1].length;
    },
  };
}
