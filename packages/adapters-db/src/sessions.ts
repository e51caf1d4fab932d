import type { Sessions } from '@rekey/usecases';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

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
      const row = await db
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
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return row ?? null;
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
  };
}
