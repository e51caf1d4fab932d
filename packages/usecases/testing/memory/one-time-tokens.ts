import type { Instant } from '@rekey/domain';
import type { OneTimeTokens } from '../../src/ports/index.ts';
import { isClosed } from './deliveries.ts';
import type { OneTimeTokenRow, Tables } from './tables.ts';

export function oneTimeTokens({ oneTimeTokens, deliveries }: Tables): OneTimeTokens {
  const good = (row: OneTimeTokenRow | undefined, now: Instant) =>
    row?.spentAt === null && row.token.userId !== null && row.token.expiresAt > now
      ? { ...row.token, userId: row.token.userId }
      : null;
  return {
    insert: async (token) => oneTimeTokens.put(token.id, { token, spentAt: null }),
    findGood: async (id, now) => good(oneTimeTokens.get(id), now),
    isOfDeleted: async (id, now) => {
      const { userId, expiresAt = 0 } = oneTimeTokens.get(id)?.token ?? {};
      return userId === null && expiresAt > now;
    },
    spend: async (id, now) => {
      const token = good(oneTimeTokens.get(id), now);
      if (token === null) return null;
      for (const row of oneTimeTokens.rows()) {
        const { id, userId, email, createdAt } = row.token;
        const goesToo = email === token.email || createdAt > token.createdAt;
        if (row.spentAt !== null || userId !== token.userId || !goesToo) continue;
        oneTimeTokens.put(id, { ...row, spentAt: now });
      }
      return token;
    },
    nthLatest: async (userId, purpose, n) =>
      oneTimeTokens
        .rows()
        .filter(({ token }) => token.userId === userId && token.purpose === purpose)
        .map(({ token }) => token.createdAt)
        .sort((a, b) => b - a)[n - 1] ?? null,
    prune: async (before, limit) => {
      const expired = new Set(
        oneTimeTokens
          .rows()
          .filter(({ token }) => token.expiresAt < before)
          .map(({ token }) => token.id),
      );
      const closed = deliveries
        .rows()
        .filter((row) => expired.has(row.delivery.tokenId) && isClosed(row))
        .slice(0, limit);
      for (const { delivery } of closed) deliveries.delete(delivery.id);
      const bare = [...expired]
        .filter((id) => !deliveries.find(({ delivery }) => delivery.tokenId === id))
        .slice(0, limit);
      for (const id of bare) oneTimeTokens.delete(id);
      return closed.length + bare.length;
    },
  };
}
