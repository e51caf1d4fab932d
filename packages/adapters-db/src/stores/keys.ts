import type { Id, Instant, Key } from '@rekey/domain';
import type { Keys } from '@rekey/usecases';
import { type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { asText, guarded, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { joinedService } from './services.ts';
import { joinedUser } from './users.ts';

const columns = [
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

type Row = Selection<Schema, 'keys', (typeof columns)[number]>;

const asKey = (row: Row): Key => ({
  ...row,
  isEnabled: row.isEnabled === 1,
  isRevoked: row.isRevoked === 1,
});

/** A key in the answer of a join. */
export const joinedKey = joined('keys', columns, asKey);

/** Literally the condition of the index `keys_usable_token`: with parameters neither database would use it. */
const isUsableToken = sql<boolean>`type = 'TOKEN' and is_enabled = 1 and is_revoked = 0`;
/** Literally the condition of the index `keys_usable_totp`. */
const isUsableTotp = sql<boolean>`type = 'TOTP' and is_enabled = 1 and is_revoked = 0`;

const insert = guarded(
  (db, key: Param<Key>, digest: Param<string | null>, sealed: Param<string | null>) =>
    db
      .insertInto('keys')
      .values({
        id: key.id,
        created_at: key.createdAt,
        updated_at: key.updatedAt,
        is_enabled: key.isEnabled,
        is_revoked: key.isRevoked,
        type: key.type,
        name: key.name,
        service_id: key.serviceId,
        user_id: key.userId,
        digest,
        sealed,
      })
      .onConflict((conflict) =>
        conflict.columns(['user_id', 'service_id']).where(isUsableToken).doNothing(),
      ),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('keys').select(columns).where('id', '=', id),
  asKey,
);

const byDigest = one(
  (db, digest: Param<string>) =>
    db
      .selectFrom('keys')
      .leftJoin('services', 'services.id', 'keys.service_id')
      .leftJoin('users', 'users.id', 'keys.user_id')
      .select(joinedKey.columns)
      .select(joinedService.columns)
      .select(joinedUser.columns)
      .where('keys.digest', '=', asText(digest)),
  (row) => ({
    key: joinedKey.of(row),
    service: row['services.id'] === null ? null : joinedService.of(row),
    user: row['users.id'] === null ? null : joinedUser.of(row),
  }),
);

const usableToken = one(
  (db, userId: Param<Id>, serviceId: Param<Id>) =>
    db
      .selectFrom('keys')
      .select(columns)
      .where('user_id', '=', userId)
      .where('service_id', '=', serviceId)
      .where(isUsableToken),
  asKey,
);

const anyOfUser = one((db, userId: Param<Id>, serviceId: Param<Id>) =>
  db
    .selectFrom('keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('service_id', '=', serviceId)
    .limit(sql.lit(1)),
);

const revoked = { is_enabled: sql.lit<0>(0), is_revoked: sql.lit<1>(1) };

const revoke = guarded((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('keys')
    .set({ ...revoked, updated_at: now })
    .where('id', '=', id)
    .where('is_revoked', '=', sql.lit(0)),
);

const revokeAllOf = write((db, userId: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('keys')
    .set({ ...revoked, updated_at: now })
    .where('user_id', '=', userId),
);

const usableTotp = one((db, userId: Param<Id>, serviceId: Param<Id>) =>
  db
    .selectFrom('keys')
    .select(['id', 'sealed'])
    .where('user_id', '=', userId)
    .where('service_id', '=', serviceId)
    .where(isUsableTotp)
    // Ids rise with time.
    .orderBy('id', 'desc')
    .limit(sql.lit(1))
    .$narrowType<{ sealed: string }>(),
);

const spendTotpStep = guarded((db, id: Param<Id>, step: Param<number>) =>
  db
    .updateTable('keys')
    .set({ totp_step: step })
    .where('id', '=', id)
    .where('is_enabled', '=', sql.lit(1))
    .where('is_revoked', '=', sql.lit(0))
    .where((eb) => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', step)])),
);

/** The keys of services, users and the operator. */
export const keysOn = (on: Connection): Keys => ({
  insert: (key, secret) =>
    insert(on)(
      key,
      'digest' in secret ? secret.digest : null,
      'sealed' in secret ? secret.sealed : null,
    ),
  get: byId(on),
  findByDigest: byDigest(on),
  findToken: usableToken(on),
  linksUser: async (userId, serviceId) => (await anyOfUser(on)(userId, serviceId)) !== null,
  revoke: revoke(on),
  revokeAllOf: revokeAllOf(on),
  findTotp: usableTotp(on),
  spendTotpStep: spendTotpStep(on),
});
