import type { Keys } from '@rekey/usecases';
import { type Kysely, type Selection, sql } from 'kysely';
import { flag, type Schema } from './schema.ts';

const keyColumns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
  'is_revoked as isRevoked',
  'type',
  'name',
  'service_id as serviceId',
  'user_id as userId',
] as const;

type KeyRow = Selection<Schema, 'keys', (typeof keyColumns)[number]>;

/** Literally the condition of the index `keys_usable_token`: with parameters neither database would use it. */
const isUsableToken = sql<boolean>`type = 'TOKEN' and is_enabled = 1 and is_revoked = 0`;

/** The keys of services, users and the operator. */
export function keysOn(db: Kysely<Schema>): Keys {
  return {
    async insert(key, secret) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('keys')
        .values({
          id: key.id,
          created_at: key.createdAt,
          updated_at: key.updatedAt,
          is_enabled: flag(key.isEnabled),
          is_revoked: flag(key.isRevoked),
          type: key.type,
          name: key.name,
          service_id: key.serviceId,
          user_id: key.userId,
          digest: 'digest' in secret ? secret.digest : null,
          sealed: 'sealed' in secret ? secret.sealed : null,
        })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'service_id']).where(isUsableToken).doNothing(),
        )
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async get(id) {
      const row = await db
        .selectFrom('keys')
        .select(keyColumns)
        .where('id', '=', id)
        .executeTakeFirst();
      return row ? asKey(row) : null;
    },

    async findByDigest(digest) {
      const row = await db
        .selectFrom('keys')
        .select(keyColumns)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row ? asKey(row) : null;
    },

    async findToken(userId, serviceId) {
      const row = await db
        .selectFrom('keys')
        .select(keyColumns)
        .where('user_id', '=', userId)
        .where('service_id', '=', serviceId)
        .where(isUsableToken)
        .executeTakeFirst();
      return row ? asKey(row) : null;
    },

    async linksUser(userId, serviceId) {
      const row = await db
        .selectFrom('keys')
        .select('id')
        .where('user_id', '=', userId)
        .where('service_id', '=', serviceId)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async revokeAllOf(userId, now) {
      await db
        .updateTable('keys')
        .set({ is_enabled: 0, is_revoked: 1, updated_at: now })
        .where('user_id', '=', userId)
        .execute();
    },
  };
}

const asKey = (row: KeyRow) => ({
  ...row,
  isEnabled: row.isEnabled === 1,
  isRevoked: row.isRevoked === 1,
});
