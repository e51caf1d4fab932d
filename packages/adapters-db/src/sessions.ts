import type { Sessions } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const openById = prepared((db, id: string) =>
  db
    .selectFrom('sessions')
    .select([
      'id',
      'created_at as createdAt',
      'expires_at as expiresAt',
      'user_id as userId',
      'service_id as serviceId',
      'key_id as keyId',
    ])
    .where('id', '=', id)
    .where('ended_at', 'is', null),
);

/** The sessions and the refresh tokens that keep them going. */
export function sessionsOn(db: Kysely<Schema>): Sessions {
  return {
    async insert(session) {
      await db
        .insertInto('sessions')
        .values({
          id: session.id,
          created_at: session.createdAt,
          expires_at: session.expiresAt,
          ended_at: null,
          user_id: session.userId,
          service_id: session.serviceId,
          key_id: session.keyId,
        })
        .execute();
    },

    async findOpen(id) {
      const [row] = await openById(db, id);
      return row ?? null;
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
      await db
        .updateTable('sessions')
        .set({ ended_at: now })
        .where('user_id', '=', userId)
        .where('ended_at', 'is', null)
        .$if(except !== undefined, (query) => query.where('id', '!=', except ?? ''))
        .execute();
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
      await db
        .insertInto('refresh_tokens')
        .values({
          digest: token.digest,
          session_id: token.sessionId,
          created_at: token.createdAt,
          expires_at: token.expiresAt,
          spent_at: null,
        })
        .execute();
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
