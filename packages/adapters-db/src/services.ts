import type { Services } from '@rekey/usecases';
import type { Kysely } from 'kysely';
import { prepared } from './prepared.ts';
import { flag, type Schema } from './schema.ts';

const byId = prepared((db, id: string) =>
  db
    .selectFrom('services')
    .select([
      'id',
      'created_at as createdAt',
      'updated_at as updatedAt',
      'name',
      'url',
      'local_url as localUrl',
      'allow_register as allowRegister',
      'email_text as emailText',
    ])
    .where('id', '=', id),
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
      const [row] = await byId(db, id);
      return row ? { ...row, allowRegister: row.allowRegister === 1 } : null;
    },

    async ids() {
      const rows = await db.selectFrom('services').select('id').execute();
      return rows.map(({ id }) => id);
    },
  };
}
