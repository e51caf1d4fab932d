import type { Origin, PasswordChange } from '@rekey/domain';
import type { PasswordChanges } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import { asText, insert, prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const latest = prepared((db, userId: string, after: number) =>
  db
    .selectFrom('password_changes')
    .select('created_at as createdAt')
    .where('user_id', '=', asText(userId))
    .orderBy('created_at', 'desc')
    .limit(sql.lit(1))
    .offset(after),
);

/** The changes of passwords, and the right to revoke each once. */
export function passwordChangesOn(db: Kysely<Schema>): PasswordChanges {
  const select = () =>
    db
      .selectFrom('password_changes')
      .select([
        'id',
        'created_at as createdAt',
        'expires_at as expiresAt',
        'user_id as userId',
        'service_id as serviceId',
        'email',
        'address',
        'client',
        'revoke_key_id as revokeKeyId',
      ]);

  return {
    async insert(change) {
      await insert(db, 'password_changes', {
        id: change.id,
        created_at: change.createdAt,
        expires_at: change.expiresAt,
        user_id: change.userId,
        service_id: change.serviceId,
        email: change.email,
        address: change.origin.address,
        client: change.origin.client,
        revoke_key_id: change.revokeKeyId,
      });
    },

    async get(id) {
      return told(await select().where('id', '=', id).executeTakeFirst());
    },

    async findRevocable(id, now) {
      const row = await select()
        .where('id', '=', id)
        .where('spent_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return told(row);
    },

    async spend(id, now) {
      const spent = await db
        .updateTable('password_changes')
        .set({ spent_at: now })
        .where('spent_at', 'is', null)
        .where('user_id', 'in', (eb) =>
          eb
            .selectFrom('password_changes as presented')
            .select('presented.user_id')
            .where('presented.id', '=', id)
            .where('presented.spent_at', 'is', null)
            .where('presented.expires_at', '>', now),
        )
        .returning('id')
        .execute();
      // Where another link of the user came first, there may be others left to spend, but not this one.
      return spent.some((change) => change.id === id);
    },

    async spendAllOf(userId, now) {
      await db
        .updateTable('password_changes')
        .set({ spent_at: now })
        .where('user_id', '=', userId)
        .where('spent_at', 'is', null)
        .execute();
    },

    async nthLatest(userId, n) {
      const [row] = await latest(db, userId, n - 1);
      return row?.createdAt ?? null;
    },

    async prune(before, limit) {
      const mails = await db
        .deleteFrom('outbox')
        .where('change_id', 'in', (eb) =>
          eb
            .selectFrom('password_changes')
            .innerJoin('outbox', 'change_id', 'id')
            .select('id')
            .where('expires_at', '<', before)
            .where((closed) =>
              closed.or([closed('sent_at', 'is not', null), closed('buried_at', 'is not', null)]),
            )
            .limit(limit),
        )
        .executeTakeFirst();
      const bare = await db
        .deleteFrom('password_changes')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('password_changes')
            .leftJoin('outbox', 'change_id', 'id')
            .select('id')
            .where('expires_at', '<', before)
            .where('change_id', 'is', null)
            .limit(limit),
        )
        .executeTakeFirst();
      return Number(mails.numDeletedRows + bare.numDeletedRows);
    },
  };
}

type Row = Omit<PasswordChange, 'origin'> & Origin;

function told(row: Row | undefined): PasswordChange | null {
  if (!row) return null;
  const { address, client, ...change } = row;
  return { ...change, origin: { address, client } };
}
