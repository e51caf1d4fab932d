import type { Services } from '@rekey/usecases';
import type { Kysely, Selection } from 'kysely';
import { joined } from './joined.ts';
import { prepared } from './prepared.ts';
import { flag, type Schema } from './schema.ts';

const serviceColumns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'name',
  'url',
  'local_url as localUrl',
  'allow_register as allowRegister',
  'email_text as emailText',
] as const;

/** A service among the columns of other tables. */
export const joinedService = joined('services', serviceColumns);

type ServiceRow = Selection<Schema, 'services', (typeof serviceColumns)[number]>;

const byId = prepared(
  (db, id: string) => db.selectFrom('services').select(serviceColumns).where('id', '=', id),
  asService,
);

/** The services that are registered. */
export function servicesOn(db: Kysely<Schema>): Services {
  return {
    async insert(service) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('services')
        .values({
          id: service.id,
          created_at: service.createdAt,
          updated_at: service.updatedAt,
          name: service.name,
          url: service.url,
          local_url: service.localUrl,
          allow_register: flag(service.allowRegister),
          email_text: service.emailText,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async get(id) {
      const [service = null] = await byId(db, id);
      return service;
    },

    async ids() {
      const rows = await db.selectFrom('services').select('id').execute();
      return rows.map(({ id }) => id);
    },
  };
}

export function asService(row: ServiceRow) {
  return { ...row, allowRegister: row.allowRegister === 1 };
}
