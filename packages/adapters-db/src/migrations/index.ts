import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import { initial } from './0001-initial.ts';
import { passwordQuality } from './0002-password-quality.ts';

/** A step of the schema, in SQL that both databases understand. One that was released is never edited. */
export type Migration = { readonly name: string; readonly statements: readonly string[] };

/** In the order in which they run: the first is version 1. */
export const migrations: readonly Migration[] = [initial, passwordQuality];

/**
 * Brings the schema up to date, in one transaction, and answers the names of the steps that were missing.
 * However many servers start at once, each step runs once. Throws what the database's driver throws.
 */
export function migrate(dialect: Dialect, steps = migrations): Promise<string[]> {
  return dialect.transactAlone(async (db) => {
    await sql`create table if not exists rekey_migrations (
      version integer not null primary key,
      name text not null
    )`.execute(db);
    const version = await schemaVersion(db);
    if (version > steps.length) {
      throw new Error(
        `the database has version ${version} of the schema, and this Rekey knows ${steps.length}: run a newer Rekey`,
      );
    }
    const missing = steps.slice(version);
    for (const [index, { name, statements }] of missing.entries()) {
      for (const statement of statements) await sql.raw(statement).execute(db);
      const step = { version: version + index + 1, name };
      await db.insertInto('rekey_migrations').values(step).execute();
    }
    return missing.map(({ name }) => name);
  });
}

/** How many migrations the database has seen. */
export async function schemaVersion(db: Kysely<Schema>): Promise<number> {
  const latest = await db
    .selectFrom('rekey_migrations')
    .select('version')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return latest?.version ?? 0;
}
