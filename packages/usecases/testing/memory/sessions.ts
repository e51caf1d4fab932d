import { type Id, type Instant, isUsable, type Session } from '@rekey/domain';
import type { Sessions } from '../../src/ports/index.ts';
import { seenUser } from './seen-user.ts';
import type { SessionRow, Tables } from './tables.ts';

export function sessions(tables: Tables): Sessions {
  const { sessions, refreshTokens, users, keys } = tables;
  const end = (row: SessionRow | undefined, now: Instant): boolean => {
    if (row?.endedAt !== null) return false;
    sessions.put(row.session.id, { ...row, endedAt: now });
    return true;
  };
  const change = (id: Id, details: Partial<Session>) => {
    const row = sessions.get(id);
    if (row) sessions.put(id, { ...row, session: { ...row.session, ...details } });
  };

  const isUsableAt = (keyId: Id, now: Instant): boolean => {
    const row = keys.get(keyId);
    return row !== undefined && isUsable(row.key, now);
  };

  return {
    insert: async (session) => sessions.put(session.id, { session, endedAt: null }),
    findOpen: async (id) => {
      const row = sessions.get(id);
      if (row?.endedAt !== null) return null;
      const { session } = row;
      const user = users.get(session.userId)?.user;
      const key = keys.get(session.keyId)?.key;
      if (!user || !key) throw new Error('a session has its user and its key');
      return { session, user: seenUser(tables, user, session.serviceId), key };
    },
    ofUser: async (userId, after, limit) =>
      sessions
        .rows()
        .filter(({ session }) => session.userId === userId && session.id > after)
        .sort((a, b) => (a.session.id < b.session.id ? -1 : 1))
        .slice(0, limit)
        .map(({ session, endedAt }) => ({ ...session, endedAt })),
    list: async ({ serviceId, userIds }, { after, before, limit }, now) => {
      const found = sessions
        .rows()
        .filter(({ session, endedAt }) => endedAt === null && session.expiresAt > now)
        .filter(({ session }) => isUsableAt(session.keyId, now))
        .map(({ session }) => session)
        .filter((each) => serviceId === undefined || each.serviceId === serviceId)
        .filter((each) => userIds === undefined || userIds.includes(each.userId))
        .filter(
          ({ id }) => (after === undefined || id > after) && (before === undefined || id < before),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const isLast = before !== undefined && after === undefined;
      return isLast ? found.slice(-limit) : found.slice(0, limit);
    },
    end: async (id, now) => end(sessions.get(id), now),
    endAllOf: async (userId, now, except) => {
      for (const row of sessions.rows()) {
        if (row.session.userId === userId && row.session.id !== except) end(row, now);
      }
    },
    endAllAt: async (userId, serviceId, now) =>
      sessions
        .rows()
        .filter(({ session }) => session.userId === userId && session.serviceId === serviceId)
        .filter((row) => end(row, now)).length,
    endAllOn: async (key, now) => {
      for (const row of sessions.rows()) if (row.session.keyId === key.id) end(row, now);
    },
    endExpired: async (now, limit) => {
      const expired = sessions
        .rows()
        .filter(({ session, endedAt }) => endedAt === null && session.expiresAt <= now)
        .slice(0, limit);
      for (const row of expired) end(row, row.session.expiresAt);
      return expired.length;
    },
    renew: async (id, lastUsedAt, expiresAt) => change(id, { lastUsedAt, expiresAt }),
    strengthen: async (id, authentication) => {
      const isOpen = sessions.get(id)?.endedAt === null;
      if (isOpen) change(id, authentication);
      return isOpen;
    },
    touch: async (uses) => {
      for (const { id, at } of uses) {
        const known = sessions.get(id)?.session.lastUsedAt ?? at;
        if (known < at) change(id, { lastUsedAt: at });
      }
    },
    insertRefresh: async ({ digest, ...token }) => {
      if (refreshTokens.has(digest)) throw new Error('the digest is taken');
      refreshTokens.put(digest, { ...token, isSpent: false });
    },
    findRefresh: async (digest) => {
      const row = refreshTokens.get(digest);
      if (!row) return null;
      const { sessionId, expiresAt, isSpent } = row;
      const found = sessions.get(sessionId);
      if (!found) throw new Error('a refresh token has its session');
      const { createdAt: loginAt, userId, serviceId, amr, authenticatedAt } = found.session;
      const isOpen = found.endedAt === null;
      const proof = { amr, authenticatedAt };
      return { sessionId, loginAt, userId, serviceId, expiresAt, isSpent, isOpen, ...proof };
    },
    spendRefresh: async (digest) => {
      const row = refreshTokens.get(digest);
      if (!row || row.isSpent) return false;
      refreshTokens.put(digest, { ...row, isSpent: true });
      return true;
    },
    prune: async (before, limit) => {
      const over = new Set(
        sessions
          .rows()
          .filter(({ endedAt }) => endedAt !== null && endedAt < before)
          .map(({ session }) => session.id),
      );
      const tokens = refreshTokens
        .entries()
        .filter(([, { sessionId }]) => over.has(sessionId))
        .slice(0, limit);
      for (const [digest] of tokens) refreshTokens.delete(digest);
      const bare = [...over]
        .filter((id) => !refreshTokens.find(({ sessionId }) => sessionId === id))
        .slice(0, limit);
      for (const id of bare) sessions.delete(id);
      return tokens.length + bare.length;
    },
  };
}
