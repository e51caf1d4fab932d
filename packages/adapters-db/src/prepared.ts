import {
  type Compilable,
  type CompiledQuery,
  type InsertObject,
  type Kysely,
  type RawBuilder,
  sql,
} from 'kysely';
import type { ReadMemory } from './read-memory.ts';
import type { Schema } from './schema.ts';

export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>;
export type Result = {
  readonly rows: unknown[];
  /** How many rows a statement that answers none has changed. */
  readonly changes: number;
};

/** A database that answers at once. */
export type Engine = {
  run(query: Query): Result;
  /** Null on a connection that writes. */
  readonly memory: ReadMemory | null;
};

const engines = new WeakMap<Kysely<Schema>, Engine>();

/** Says what prepared queries run on where the database answers at once: Kysely's way there takes as long as the query. */
export function runAtOnce(db: Kysely<Schema>, engine: Engine): void {
  engines.set(db, engine);
}

type Build<Values extends readonly unknown[], Row> = (
  db: Kysely<Schema>,
  ...values: Values
) => Compilable<Row>;

/**
 * A query that is built once for each database and number of values, and then only run: building it takes several
 * times as long as the query itself. Its values are bound in the order in which `build` is given them, and nothing
 * else is. Answers what `as` makes of the rows, which must not be changed: others may be answered the same.
 */
export function prepared<Values extends readonly unknown[], Row, Answer = Row>(
  build: Build<Values, Row>,
  as: (row: Row) => Answer = (row) => row as unknown as Answer,
): (db: Kysely<Schema>, ...values: Values) => Promise<Answer[]> {
  const queryOn = builtOnce(build);
  return async (db, ...values) => {
    const query = queryOn(db, values);
    const engine = engines.get(db);
    if (!engine) return (await execute(db, query, values)).rows.map((row) => as(row as Row));
    const read = () => {
      const { rows } = engine.run({ sql: query.sql, parameters: values });
      return rows.map((row) => as(row as Row));
    };
    const { memory } = engine;
    if (memory === null) return read();
    const key = values.length === 1 ? values[0] : JSON.stringify(values);
    return memory.recall(query, key, read);
  };
}

/** The same for a write that answers no rows: answers how many it changed. */
export function preparedWrite<Values extends readonly unknown[]>(
  build: Build<Values, unknown>,
): (db: Kysely<Schema>, ...values: Values) => Promise<number> {
  const queryOn = builtOnce(build);
  return async (db, ...values) => {
    const query = queryOn(db, values);
    const engine = engines.get(db);
    const { changes } = engine
      ? engine.run({ sql: query.sql, parameters: values })
      : await execute(db, query, values);
    return changes;
  };
}

const inserts = new Map<string, (db: Kysely<Schema>, ...values: unknown[]) => Promise<number>>();

/** Inserts a row, by a query that is prepared as well. */
export async function insert<Table extends keyof Schema>(
  db: Kysely<Schema>,
  table: Table,
  row: InsertObject<Schema, Table>,
): Promise<void> {
  const columns = Object.keys(row);
  const name = `${table} ${columns.join()}`;
  const write =
    inserts.get(name) ??
    preparedWrite((on, ...values: unknown[]) => {
      const cells = columns.map((column, index) => [column, values[index]]);
      return on.insertInto(table).values(Object.fromEntries(cells));
    });
  inserts.set(name, write);
  await write(db, ...Object.values(row));
}

/**
 * A value for a condition of a join, or of a query that a partial index serves. SQLite would plan such a query anew
 * each time that it is compared with a parameter itself, for the plan might depend on the value; that takes several
 * times as long as the query.
 */
export const asText = (value: string): RawBuilder<string> => sql`cast(${value} as text)`;

function builtOnce<Values extends readonly unknown[], Row>(build: Build<Values, Row>) {
  // By the adapter, which all connections of a database share.
  const built = new WeakMap<object, CompiledQuery[]>();
  return (db: Kysely<Schema>, values: Values): CompiledQuery => {
    const { adapter } = db.getExecutor();
    const queries = built.get(adapter) ?? [];
    built.set(adapter, queries);
    const query = queries[values.length] ?? compile(build(db, ...values), values);
    queries[values.length] = query;
    return query;
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
