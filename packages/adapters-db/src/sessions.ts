import type { Sessions } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import { joined } from './joined.ts';
import { asKey, joinedKey } from './keys.ts';
import { asText, insert, prepared, preparedWrite } from './prepared.ts';
import type { Schema } from './schema.ts';
import { asUser, joinedUser } from './users.ts';

const joinedSession = joined('sessions', [
  'id',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'user_id as userId',
  'service_id as serviceId',
  'key_id as keyId',
]);

const openById = prepared(
  (db, id: string) =>
    db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .innerJoin('keys', 'keys.id', 'sessions.key_id')
      .select(joinedSession.columns)
      .select(joinedUser.columns)
      .select(joinedKey.columns)
      .where('sessions.id', '=', asText(id))
      .where('sessions.ended_at', 'is', null),
  (row) => ({
    session: joinedSession.rowOf(row),
    user: asUser(joinedUser.rowOf(row)),
    key: asKey(joinedKey.rowOf(row)),
  }),
);

const endOfAll = preparedWrite((db, now: number, userId: string) =>
  db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', asText(userId))
    .where('ended_at', 'is', null),
);

const endOfOthers = preparedWrite((db, now: number, userId: string, except: string) =>
  db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', asText(userId))
    .where('ended_at', 'is', null)
    .where('id', '!=', except),
);

/** The sessions and the refresh tokens that keep them going. */
export function sessionsOn(db: Kysely<Schema>): Sessions {
  return {
    async insert(session) {
      await insert(db, 'sessions', {
        id: session.id,
        created_at: session.createdAt,
        expires_at: session.expiresAt,
        user_id: session.userId,
        service_id: session.serviceId,
        key_id: session.keyId,
      });
    },

    async findOpen(id) {
      const [open = null] = await openById(db, id);
      return open;
    },

    async end(id, now) {
      await db
        .updateTable('sessions')
        .set({ ended_at: now })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute();
    },

    async endAllOf(userId, now, except) {
      await (except === undefined
        ? endOfAll(db, now, userId)
        : endOfOthers(db, now, userId, except));
    },

    async endAllOn(key, now) {
      await db
        .updateTable('sessions')
        .set({ ended_at: now })
        .where('user_id', '=', key.userId)
        .where('key_id', '=', key.id)
        .where('ended_at', 'is', null)
        .execute();
    },

    async insertRefresh(token) {
      await insert(db, 'refresh_tokens', {
        digest: token.digest,
        session_id: token.sessionId,
        created_at: token.createdAt,
        expires_at: token.expiresAt,
      });
    },

    async findRefresh(digest) {
      const row = await db
        .selectFrom('refresh_tokens')
        .select(['session_id as sessionId', 'expires_at as expiresAt', 'spent_at as spentAt'])
        .where('digest', '=', digest)
        .executeTakeFirst();
      if (!row) return null;
      const { spentAt, ...token } = row;
      return { ...token, isSpent: spentAt !== null };
    },

    async spendRefresh(digest, now) {
      const { numUpdatedRows } = await db
        .updateTable('refresh_tokens')
        .set({ spent_at: now })
        .where('digest', '=', digest)
        .where('spent_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async prune(before, limit) {
      const tokens = await db
        .deleteFrom('refresh_tokens')
        .where('digest', 'in', (eb) =>
          eb
            .selectFrom('sessions')
            .innerJoin('refresh_tokens', 'session_id', 'id')
            .select('digest')
            .where(over, '<', before)
            .limit(limit),
        )
        .executeTakeFirst();
      const bare = await db
        .deleteFrom('sessions')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('sessions')
            .leftJoin('refresh_tokens', 'session_id', 'id')
            .select('id')
            .where(over, '<', before)
            .where('digest', 'is', null)
            .limit(limit),
        )
        .executeTakeFirst();
      return Number(tokens.numDeletedRows + bare.numDeletedRows);
    },
  };
}

/** When a session was over. Literally the expression of the index `sessions_over`. */
const over = sql<number>`coalesce(sessions.ended_at, sessions.expires_at)`;
