import type { Id, Instant, OneTimeToken } from '@rekey/domain';
import type { OneTimeTokens } from '../../src/ports/index.ts';
import { isClosed, type OneTimeTokenRow, type Tables } from './tables.ts';

export function oneTimeTokens({ oneTimeTokens, deliveries, users }: Tables): OneTimeTokens {
  const good = (row: OneTimeTokenRow | undefined, now: Instant) =>
    row?.spentAt === null && row.token.expiresAt > now ? row.token : null;
  const mailedAt = ({ token, readdressedAt }: OneTimeTokenRow) => readdressedAt ?? token.createdAt;
  const endWhere = (
    now: Instant,
    ends: (token: OneTimeToken<Id | null>, row: OneTimeTokenRow) => boolean,
  ) => {
    for (const row of oneTimeTokens.rows()) {
      if (row.spentAt !== null || !ends(row.token, row)) continue;
      oneTimeTokens.put(row.token.id, { ...row, spentAt: now });
    }
  };
  return {
    insert: async (token) =>
      oneTimeTokens.put(token.id, { token, spentAt: null, readdressedAt: null }),
    findGood: async (id, now) => good(oneTimeTokens.get(id), now),
    findSpent: async (id, now) => {
      const { token, spentAt = null } = oneTimeTokens.get(id) ?? {};
      return token && spentAt !== null && token.expiresAt > now ? { token, spentAt } : null;
    },
    isOfDeleted: async (id, now) => {
      const { userId, purpose, expiresAt = 0 } = oneTimeTokens.get(id)?.token ?? {};
      return userId === null && purpose !== 'register' && expiresAt > now;
    },
    spend: async (id, now) => {
      const presented = oneTimeTokens.get(id);
      const token = good(presented, now);
      if (!presented || token === null || token.userId === null) return null;
      endWhere(
        now,
        ({ userId, email }, row) =>
          userId === token.userId && (email === token.email || mailedAt(row) > mailedAt(presented)),
      );
      return { ...token, userId: token.userId };
    },
    use: async (id, now) => {
      const token = good(oneTimeTokens.get(id), now);
      endWhere(now, (each) => each === token);
      return token;
    },
    haveGood: async (userId, purposes, now) =>
      oneTimeTokens
        .rows()
        .some(
          (row) =>
            row.token.userId === userId &&
            purposes.includes(row.token.purpose) &&
            good(row, now) !== null,
        ),
    endAll: async (userId, purposes, now) =>
      endWhere(now, (token) => token.userId === userId && purposes.includes(token.purpose)),
    endElsewhere: async (userId, email, now) =>
      endWhere(now, (token) => token.userId === userId && token.email !== email),
    endRegistrations: async (email, now) =>
      endWhere(now, (token) => token.purpose === 'register' && token.email === email),
    isReserved: async (email, now, exceptFor) =>
      oneTimeTokens
        .rows()
        .some(
          (row) =>
            good(row, now) !== null &&
            row.token.purpose === 'update_email' &&
            row.token.email === email &&
            row.token.userId !== exceptFor,
        ) ||
      users.find(({ user, lock }) => lock?.recoverTo === email && user.id !== exceptFor) !==
        undefined,
    reservedFor: async (email, now) =>
      oneTimeTokens
        .rows()
        .map((row) => good(row, now))
        .find((token) => token?.purpose === 'update_email' && token.email === email)?.userId ??
      users.find(({ lock }) => lock?.recoverTo === email)?.user.id ??
      null,
    earliest: async (userId, purposes, after) => {
      const [token] = oneTimeTokens
        .rows()
        .filter(({ readdressedAt }) => readdressedAt === null)
        .map((row) => row.token)
        .filter((each) => each.userId === userId && purposes.includes(each.purpose))
        .filter(({ createdAt }) => createdAt > after)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
      return token ? { ...token, userId } : null;
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
