import type { Compilable, CompiledQuery, InsertObject, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type Result = {
  readonly rows: unknown[];
  /** How many rows a statement that answers none has changed. */
  readonly changes: number;
};
type Run = (query: Pick<CompiledQuery, 'sql' | 'parameters'>) => Result;

const runs = new WeakMap<Kysely<Schema>, Run>();

/** Says how prepared queries run on a database that answers at once: Kysely's way there takes as long as the query. */
export function runAtOnce(db: Kysely<Schema>, run: Run): void {
  runs.set(db, run);
}

type Build<Values extends readonly unknown[], Row> = (
  db: Kysely<Schema>,
  ...values: Values
) => Compilable<Row>;

/**
 * A query that is built once for each database and number of values, and then only run: building it takes several
 * times as long as the query itself. Its values are bound in the order in which `build` is given them, and nothing
 * else is. Answers the rows.
 */
export function prepared<Values extends readonly unknown[], Row>(
  build: Build<Values, Row>,
): (db: Kysely<Schema>, ...values: Values) => Promise<Row[]> {
  const run = runner(build);
  return async (db, ...values) => (await run(db, values)).rows as Row[];
}

/** The same for a write that answers no rows: answers how many it changed. */
export function preparedWrite<Values extends readonly unknown[]>(
  build: Build<Values, unknown>,
): (db: Kysely<Schema>, ...values: Values) => Promise<number> {
  const run = runner(build);
  return async (db, ...values) => (await run(db, values)).changes;
}

const inserts = new Map<string, ReturnType<typeof runner>>();

/** Inserts a row, by a query that is prepared as well. */
export async function insert<Table extends keyof Schema>(
  db: Kysely<Schema>,
  table: Table,
  row: InsertObject<Schema, Table>,
): Promise<void> {
  const columns = Object.keys(row);
  const name = `${table} ${columns.join()}`;
  const known = inserts.get(name);
  const run =
    known ??
    runner((on, ...values) => {
      const cells = columns.map((column, index) => [column, values[index]]);
      return on.insertInto(table).values(Object.fromEntries(cells));
    });
  if (!known) inserts.set(name, run);
  await run(db, Object.values(row));
}

function runner<Values extends readonly unknown[]>(build: Build<Values, unknown>) {
  // By the adapter, which all connections of a database share.
  const built = new WeakMap<object, CompiledQuery[]>();
  return (db: Kysely<Schema>, values: Values): Result | Promise<Result> => {
    const { adapter } = db.getExecutor();
    const queries = built.get(adapter) ?? [];
    built.set(adapter, queries);
    const query = queries[values.length] ?? compile(build(db, ...values), values);
    queries[values.length] = query;
    const run = runs.get(db);
    return run ? run({ sql: query.sql, parameters: values }) : execute(db, query, values);
  };
}

function compile(query: Compilable, values: readonly unknown[]): CompiledQuery {
  const compiled = query.compile();
  const { parameters, sql } = compiled;
  const isInOrder =
    parameters.length === values.length &&
    values.every((value, index) => parameters[index] === value);
  if (!isInOrder) throw new Error(`not the values in their order: ${sql}`);
  return compiled;
}

async function execute(
  db: Kysely<Schema>,
  query: CompiledQuery,
  parameters: readonly unknown[],
): Promise<Result> {
  const { rows, numAffectedRows } = await db.executeQuery({ ...query, parameters });
  return { rows, changes: Number(numAffectedRows ?? 0) };
}
