import { sql } from 'kysely';
import type { Connection, Dialect } from '../dialects/dialect.ts';
import { one, type Param, write } from '../query.ts';
import { initial } from './0001-initial.ts';
import { eventData } from './event-data.ts';
import { lighterAudit } from './lighter-audit.ts';
import type { Migration } from './migration.ts';
import { packedAudit } from './packed-audit.ts';
import { passkeys } from './passkeys.ts';
import { providerLinks } from './provider-links.ts';
import { secondFactors } from './second-factors.ts';
import { sequences } from './sequences.ts';
import { webhooks } from './webhooks.ts';

/** In the order in which they run: the first is version 1. */
export const migrations: readonly Migration[] = [
  initial,
  eventData,
  secondFactors,
  passkeys,
  sequences,
  providerLinks,
  webhooks,
  lighterAudit,
  packedAudit,
];

const latest = one((db) =>
  db.selectFrom('rekey_migrations').select('version').orderBy('version', 'desc').limit(sql.lit(1)),
);

const add = write((db, version: Param<number>, name: Param<string>) =>
  db.insertInto('rekey_migrations').values({ version, name }),
);

/**
 * Brings the schema up to date, in one transaction, and answers the names of the steps that were missing.
 * However many servers start at once, each step runs once. Throws what the database's driver throws.
 */
export function migrate(dialect: Dialect, steps = migrations): Promise<string[]> {
  return dialect.transactAlone(async (on) => {
    const run = (statement: string) => on.changes({ sql: statement }, []);
    await run(`create table if not exists rekey_migrations (
      version integer not null primary key,
      name text not null
    )`);
    const version = await schemaVersion(on);
    if (version > steps.length) {
      throw new Error(
        `the database has version ${version} of the schema, and this Rekey knows ${steps.length}: run a newer Rekey`,
      );
    }
    const missing = steps.slice(version);
    for (const [index, { name, statements, takeOver, ...own }] of missing.entries()) {
      for (const statement of [...statements, ...(own[dialect.name] ?? [])]) await run(statement);
      await takeOver?.(on, dialect.name);
      await add(on)(version + index + 1, name);
    }
    return missing.map(({ name }) => name);
  });
}

/** How many migrations the database has seen. */
export async function schemaVersion(on: Connection): Promise<number> {
  return (await latest(on)())?.version ?? 0;
}
