import { type Id, keyTypes, type Service } from '@rekey/domain';
import type { Services } from '@rekey/usecases';
import { type Kysely, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, guarded, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { ALL } from './user-rows.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
  'name',
  'url',
  'user_allow_register as userAllowRegister',
  'user_email_text as userEmailText',
  'provider_local_url as providerLocalUrl',
  'provider_github_oauth2_url as providerGithubOauth2Url',
  'provider_microsoft_oauth2_url as providerMicrosoftOauth2Url',
  'provider_google_oauth2_url as providerGoogleOauth2Url',
  'sees_all_users as seesAllUsers',
  'owner_recovery as ownerRecovery',
  'require_factor as requireFactor',
  'new_device_mail as newDeviceMail',
  'support_url as supportUrl',
] as const;

type Row = Selection<Schema, 'services', (typeof columns)[number]>;

const asService = (row: Row): Service => ({
  ...row,
  isEnabled: row.isEnabled === 1,
  userAllowRegister: row.userAllowRegister === 1,
  seesAllUsers: row.seesAllUsers === 1,
  ownerRecovery: row.ownerRecovery === 1,
  requireFactor: row.requireFactor === 1,
  newDeviceMail: row.newDeviceMail === 1,
});

/** A service in the answer of a join. */
export const joinedService = joined('services', columns, asService);

const values = (service: Param<Service>) => ({
  updated_at: service.updatedAt,
  is_enabled: service.isEnabled,
  name: service.name,
  url: service.url,
  user_allow_register: service.userAllowRegister,
  user_email_text: service.userEmailText,
  provider_local_url: service.providerLocalUrl,
  provider_github_oauth2_url: service.providerGithubOauth2Url,
  provider_microsoft_oauth2_url: service.providerMicrosoftOauth2Url,
  provider_google_oauth2_url: service.providerGoogleOauth2Url,
  sees_all_users: service.seesAllUsers,
  owner_recovery: service.ownerRecovery,
  require_factor: service.requireFactor,
  new_device_mail: service.newDeviceMail,
  support_url: service.supportUrl,
});

const insert = guarded((db, service: Param<Service>) =>
  db
    .insertInto('services')
    .values({ id: service.id, created_at: service.createdAt, ...values(service) })
    .onConflict((conflict) => conflict.column('id').doNothing()),
);

const ever = (db: Kysely<Schema>, id: Param<Id>) =>
  db.selectFrom('services').select(columns).where('id', '=', id);

const existing = (db: Kysely<Schema>, id: Param<Id>) =>
  ever(db, id).where('deleted_at', 'is', null);

const byId = one(existing, asService);
const everById = one(ever, asService);
/** Stronger than that of a change: the insert of a row that refers to the service waits as well. */
const lock = one((db, id: Param<Id>) => existing(db, id).forUpdate(), asService);
const keep = one((db, id: Param<Id>) => existing(db, id).forKeyShare(), asService);

const pageOf = (direction: 'asc' | 'desc') =>
  all(
    (
      db,
      limit: Param<number>,
      ids?: Param<readonly Id[]>,
      isEnabled?: Param<boolean>,
      after?: Param<Id>,
      before?: Param<Id>,
    ) => {
      let query = db.selectFrom('services').select(columns).where('deleted_at', 'is', null);
      if (ids !== undefined) query = query.where('id', 'in', [...ids]);
      if (isEnabled !== undefined) query = query.where('is_enabled', '=', asFlag(isEnabled));
      if (after !== undefined) query = query.where('id', '>', after);
      if (before !== undefined) query = query.where('id', '<', before);
      return query.orderBy('id', direction).limit(limit);
    },
    asService,
  );
const firstOf = pageOf('asc');
const lastOf = pageOf('desc');

const asFlag = (flag: Param<boolean>) => flag as unknown as Param<0 | 1>;

const update = write((db, service: Param<Service>) =>
  db.updateTable('services').set(values(service)).where('id', '=', service.id),
);

const anyUserKey = one((db, id: Param<Id>) =>
  db
    .selectFrom('keys')
    .select('id')
    .where('service_id', '=', id)
    // All that there are, by which an index finds those that are not revoked among many that are.
    .where('type', 'in', keyTypes.map(sql.lit))
    .where('is_enabled', 'in', [sql.lit<0>(0), sql.lit<1>(1)])
    .where('is_revoked', '=', sql.lit(0))
    .where('user_id', 'is not', null)
    .limit(sql.lit(1)),
);

const deleteKeys = write((db, id: Param<Id>) =>
  db.deleteFrom('keys').where('service_id', '=', id).where('user_id', 'is', null),
);

const reduce = write((db, left: Param<Service>) =>
  db
    .updateTable('services')
    .set({ ...values(left), deleted_at: left.updatedAt })
    .where('id', '=', left.id),
);

const ids = all(
  (db) => db.selectFrom('services').select('id'),
  ({ id }) => id,
);

const knowing = all(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('visible_users')
      .select('service_id as id')
      .where('user_id', '=', userId)
      .where('service_id', '<>', sql.lit(ALL)),
  ({ id }) => id,
);

const seeing = all(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('visible_users')
      .select('service_id as id')
      .where('user_id', '=', userId)
      .where('service_id', '<>', sql.lit(ALL))
      .unionAll(
        db
          .selectFrom('services')
          .select('id')
          .where('sees_all_users', '=', sql.lit<1>(1))
          .where('deleted_at', 'is', null)
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom('visible_users')
                  .select('visible_users.user_id')
                  .where('visible_users.user_id', '=', userId)
                  .whereRef('visible_users.service_id', '=', 'services.id'),
              ),
            ),
          ),
      ),
  ({ id }) => id,
);

/** The services that are registered. */
export const servicesOn = (on: Connection): Services => ({
  insert: insert(on),
  get: byId(on),
  find: everById(on),
  async list({ ids, isEnabled }, { after, before, limit }) {
    // Of none, no statement can be made.
    if (ids?.length === 0) return [];
    if (before !== undefined && after === undefined) {
      return (await lastOf(on)(limit, ids, isEnabled, after, before)).reverse();
    }
    // From somewhere on, so that the primary key is searched and not walked.
    return firstOf(on)(limit, ids, isEnabled, after ?? '', before);
  },
  lock: lock(on),
  keep: keep(on),
  update: update(on),
  hasUserKeys: async (id) => (await anyUserKey(on)(id)) !== null,
  async delete(left) {
    await deleteKeys(on)(left.id);
    await reduce(on)(left);
  },
  ids: ids(on),
  knowing: knowing(on),
  seeing: seeing(on),
});
