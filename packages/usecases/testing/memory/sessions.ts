import type { Instant } from '@rekey/domain';
import type { Sessions } from '../../src/ports/index.ts';
import type { SessionRow, Tables } from './tables.ts';

export function sessions({ sessions, refreshTokens, users, keys }: Tables): Sessions {
  const end = (row: SessionRow | undefined, now: Instant) => {
    if (row?.endedAt === null) sessions.put(row.session.id, { ...row, endedAt: now });
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
      return { session, user, key };
    },
    end: async (id, now) => end(sessions.get(id), now),
    endAllOf: async (userId, now, except) => {
      for (const row of sessions.rows()) {
        if (row.session.userId === userId && row.session.id !== except) end(row, now);
      }
    },
    endAllOn: async (key, now) => {
      for (const row of sessions.rows()) if (row.session.keyId === key.id) end(row, now);
    },
    insertRefresh: async ({ digest, ...token }) => {
      if (refreshTokens.has(digest)) throw new Error('the digest is taken');
      refreshTokens.put(digest, { ...token, isSpent: false });
    },
    findRefresh: async (digest) => {
      const row = refreshTokens.get(digest);
      if (!row) return null;
      const { sessionId, expiresAt, isSpent } = row;
      return { sessionId, expiresAt, isSpent };
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
          .filter(({ session, endedAt }) => (endedAt ?? session.expiresAt) < before)
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
