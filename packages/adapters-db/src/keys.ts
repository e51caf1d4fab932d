import type { Keys } from '@rekey/usecases';
import { type Kysely, type Selection, sql } from 'kysely';
import { joined } from './joined.ts';
import { asText, prepared } from './prepared.ts';
import { flag, type Schema } from './schema.ts';
import { asService, joinedService } from './services.ts';
import { asUser, joinedUser } from './users.ts';

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

/** A key among the columns of other tables. */
export const joinedKey = joined('keys', keyColumns);

type KeyRow = Selection<Schema, 'keys', (typeof keyColumns)[number]>;

/** Literally the condition of the index `keys_usable_token`: with parameters neither database would use it. */
const isUsableToken = sql<boolean>`type = 'TOKEN' and is_enabled = 1 and is_revoked = 0`;
/** The same of `keys_usable_totp`. */
const isUsableTotp = sql<boolean>`type = 'TOTP' and is_enabled = 1 and is_revoked = 0`;

const byId = prepared(
  (db, id: string) => db.selectFrom('keys').select(keyColumns).where('id', '=', id),
  asKey,
);

const byDigest = prepared(
  (db, digest: string) =>
    db
      .selectFrom('keys')
      .leftJoin('services', 'services.id', 'keys.service_id')
      .leftJoin('users', 'users.id', 'keys.user_id')
      .select(joinedKey.columns)
      .select(joinedService.columns)
      .select(joinedUser.columns)
      .where('keys.digest', '=', asText(digest)),
  (row) => ({
    key: asKey(joinedKey.rowOf(row)),
    service: row['services.id'] === null ? null : asService(joinedService.rowOf(row)),
    user: row['users.id'] === null ? null : asUser(joinedUser.rowOf(row)),
  }),
);

const usableToken = prepared(
  (db, userId: string, serviceId: string) =>
    db
      .selectFrom('keys')
      .select(keyColumns)
      .where('user_id', '=', asText(userId))
      .where('service_id', '=', asText(serviceId))
      .where(isUsableToken),
  asKey,
);

const anyOfUser = prepared((db, userId: string, serviceId: string) =>
  db
    .selectFrom('keys')
    .select('id')
    .where('user_id', '=', asText(userId))
    .where('service_id', '=', asText(serviceId))
    .limit(sql.lit(1)),
);

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
          totp_step: null,
        })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'service_id']).where(isUsableToken).doNothing(),
        )
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async get(id) {
      const [key = null] = await byId(db, id);
      return key;
    },

    async findByDigest(digest) {
      const [found = null] = await byDigest(db, digest);
      return found;
    },

    async findToken(userId, serviceId) {
      const [key = null] = await usableToken(db, userId, serviceId);
      return key;
    },

    async linksUser(userId, serviceId) {
      const rows = await anyOfUser(db, userId, serviceId);
      return rows.length > 0;
    },

    async revoke(id, now) {
      const { numUpdatedRows } = await db
        .updateTable('keys')
        .set({ is_enabled: 0, is_revoked: 1, updated_at: now })
        .where('id', '=', id)
        .where('is_revoked', '=', 0)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async revokeAllOf(userId, now) {
      await db
        .updateTable('keys')
        .set({ is_enabled: 0, is_revoked: 1, updated_at: now })
        .where('user_id', '=', userId)
        .execute();
    },

    async findTotp(userId, serviceId) {
      const row = await db
        .selectFrom('keys')
        .select(['id', 'sealed'])
        .where('user_id', '=', userId)
        .where('service_id', '=', serviceId)
        .where(isUsableTotp)
        // Ids rise with time.
        .orderBy('id', 'desc')
        .limit(1)
        .$narrowType<{ sealed: string }>()
        .executeTakeFirst();
      return row ?? null;
    },

    async spendTotpStep(id, step) {
      const { numUpdatedRows } = await db
        .updateTable('keys')
        .set({ totp_step: step })
        .where('id', '=', id)
        .where('is_enabled', '=', 1)
        .where('is_revoked', '=', 0)
        .where((eb) => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', step)]))
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}

export function asKey(row: KeyRow) {
  return { ...row, isEnabled: row.isEnabled === 1, isRevoked: row.isRevoked === 1 };
}
