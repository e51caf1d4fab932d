import type { Id, Service } from '@rekey/domain';
import type { Services } from '@rekey/usecases';
import type { Selection } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, guarded, joined, one, type Param } from '../query.ts';
import type { Schema } from '../schema.ts';

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

const insert = guarded((db, service: Param<Service>) =>
  db
    .insertInto('services')
    .values({
      id: service.id,
      created_at: service.createdAt,
      updated_at: service.updatedAt,
      is_enabled: service.isEnabled,
      name: service.name,
      url: service.url,
      user_allow_register: service.userAllowRegister,
      user_email_text: service.userEmailText,
      provider_local_url: service.providerLocalUrl,
      provider_github_oauth2_url: service.providerGithubOauth2Url,
      provider_microsoft_oauth2_url: service.providerMicrosoftOauth2Url,
      sees_all_users: service.seesAllUsers,
      owner_recovery: service.ownerRecovery,
      require_factor: service.requireFactor,
      new_device_mail: service.newDeviceMail,
      support_url: service.supportUrl,
    })
    .onConflict((conflict) => conflict.column('id').doNothing()),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('services').select(columns).where('id', '=', id),
  asService,
);

const ids = all(
  (db) => db.selectFrom('services').select('id'),
  ({ id }) => id,
);

const knowing = all(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('keys')
      .select('service_id as id')
      .where('user_id', '=', userId)
      .union(db.selectFrom('users').select('created_by as id').where('id', '=', userId))
      .$narrowType<{ id: Id }>(),
  ({ id }) => id,
);

/** The services that are registered. */
export const servicesOn = (on: Connection): Services => ({
  insert: insert(on),
  get: byId(on),
  ids: ids(on),
  knowing: knowing(on),
});
