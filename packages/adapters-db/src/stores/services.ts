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
  'name',
  'url',
  'provider_local_url as providerLocalUrl',
  'user_allow_register as userAllowRegister',
  'user_email_text as userEmailText',
] as const;

type Row = Selection<Schema, 'services', (typeof columns)[number]>;

const asService = (row: Row): Service => ({
  ...row,
  userAllowRegister: row.userAllowRegister === 1,
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
      name: service.name,
      url: service.url,
      provider_local_url: service.providerLocalUrl,
      user_allow_register: service.userAllowRegister,
      user_email_text: service.userEmailText,
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
