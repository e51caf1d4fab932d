import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Run = (query: CompiledQuery) => unknown[];

const runs = new WeakMap<Kysely<Schema>, Run>();

/** Says how prepared queries run on a database that answers at once: Kysely's way there takes as long as the read. */
export function runAtOnce(db: Kysely<Schema>, run: Run): void {
  runs.set(db, run);
}

/**
 * A query that is built once for each database and then only run: building it takes several times as long
 * as the read itself. Its values are bound in the order in which `build` is given them, and nothing else is.
 */
export function prepared<Values extends readonly unknown[], Row>(
  build: (db: Kysely<Schema>, ...values: Values) => Compilable<Row>,
): (db: Kysely<Schema>, ...values: Values) => Promise<Row[]> {
  // By the adapter, which all connections of a database share.
  const built = new WeakMap<object, CompiledQuery<Row>>();
  return async (db, ...values) => {
    const { adapter } = db.getExecutor();
    let query = built.get(adapter);
    if (query === undefined) {
      query = build(db, ...values).compile();
      const { parameters } = query;
      const isInOrder =
        parameters.length === values.length &&
        values.every((value, index) => parameters[index] === value);
      if (!isInOrder) throw new Error(`not the values in their order: ${query.sql}`);
      built.set(adapter, query);
    }
    const bound = { ...query, parameters: values };
    const run = runs.get(db);
    return run ? (run(bound) as Row[]) : (await db.executeQuery<Row>(bound)).rows;
  };
}
