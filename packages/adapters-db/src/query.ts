import {
  type Compilable,
  type Kysely,
  type RawBuilder,
  type SelectExpression,
  type Selection,
  sql,
} from 'kysely';
import type { Connection, FoundBy, Lookup, Statement, Value } from './dialects/dialect.ts';
import type { Schema } from './schema.ts';

/*
 * Every query of every store is a constant made here, and built once: building takes several times as long as running.
 *
 *   const byName = one(
 *     (db, name: Param<string>) => db.selectFrom('users').select(columns).where('name', '=', name),
 *     asUser,
 *   );
 *   const user = await byName(connection)('Ada');
 *
 * It is built again only for arguments of another shape: another length of a list, or an optional one that is missing.
 */

/** The first row, as `as` makes it; null where there is none. */
export function one<Params extends AnyParams, Row, Answer = Row>(
  build: Build<Params, Row>,
  as?: (row: Row) => Answer,
): Query<Params, Answer | null> {
  return query(
    build,
    (on, statement, values) => on.rows(statement, values, as),
    ([first = null]) => first,
  );
}

/**
 * The row that has a text which no other row has, as `as` makes it; null where there is none. For what is asked at nearly
 * every request: PostgreSQL answers those of one turn of the event loop in one query, and both databases may keep the
 * answers. `idsOf`: the users, keys and services whose rows the answer rests on; it is forgotten when one of them changes.
 */
export function lookup<Row extends FoundBy, Answer>(
  build: (db: Kysely<Schema>, isAsked: (column: string) => RawBuilder<boolean>) => Compilable<Row>,
  as: (row: Row) => Answer,
  idsOf: (answer: Answer) => readonly string[],
): (on: Connection) => (text: string) => Promise<Answer | null> {
  const builtBy = new WeakMap<Kysely<Schema>, Lookup<Row, Answer>>();
  const buildFor = (on: Connection): Lookup<Row, Answer> => {
    const asked = sql<string>`${new Slot(([text]) => text)}`;
    const statement = compile(build(on.builder, (column) => on.isAsked(sql.ref(column), asked)));
    const built = { statement, as, idsOf };
    builtBy.set(on.builder, built);
    return built;
  };
  return (on) => (text) => on.find(builtBy.get(on.builder) ?? buildFor(on), text);
}

/** All rows, as `as` makes them. */
export function all<Params extends AnyParams, Row, Answer = Row>(
  build: Build<Params, Row>,
  as?: (row: Row) => Answer,
): Query<Params, Answer[]> {
  return query(
    build,
    (on, statement, values) => on.rows(statement, values, as),
    (rows) => rows,
  );
}

/** A write that answers nothing. On PostgreSQL it may still be on its way then: see `Connection.run`. */
export function write<Params extends AnyParams>(build: Build<Params>): Query<Params, void> {
  return query(
    build,
    (on, statement, values) => on.run(statement, values),
    () => undefined,
  );
}

/** A write that answers whether it changed a row. */
export function guarded<Params extends AnyParams>(build: Build<Params>): Query<Params, boolean> {
  return query(build, change, (changes) => changes > 0);
}

/** A write that answers how many rows it changed. */
export function counted<Params extends AnyParams>(build: Build<Params>): Query<Params, number> {
  return query(build, change, (changes) => changes);
}

const change: Run<number> = (on, statement, values) => on.changes(statement, values);

type Query<Params extends AnyParams, Answer> = (
  on: Connection,
) => (...args: { [Index in keyof Params]: Argument<Params[Index]> }) => Promise<Answer>;

type Build<Params extends AnyParams, Row = unknown> = (
  db: Kysely<Schema>,
  ...params: Params
) => Compilable<Row>;

type AnyParams = readonly unknown[];

/** A parameter of a query: one for each item of a list, and for each property of an object. */
export type Param<T> = [T] extends [string | number | boolean | Uint8Array | null]
  ? RawBuilder<T>
  : T extends readonly (infer Item)[]
    ? readonly Param<Item>[]
    : { readonly [Name in keyof T]: Param<T[Name]> };

/** The argument that is passed for a parameter. */
type Argument<P> =
  P extends RawBuilder<infer T>
    ? T
    : P extends readonly (infer Item)[]
      ? readonly Argument<Item>[]
      : P extends object
        ? { readonly [Name in keyof P]: Argument<P[Name]> }
        : P;

/**
 * A text that the one row of a join is found by. SQLite plans such a query anew whenever the text is bound, for the plan
 * might depend on it, and that takes twenty times as long as the query. No plan depends on the outcome of an expression.
 */
export const asText = (text: RawBuilder<string>): RawBuilder<string> => sql`cast(${text} as text)`;

/** The columns of one table in a join, under names of their own, and the row of that table out of an answer. */
export function joined<
  Table extends keyof Schema,
  Column extends SelectExpression<Schema, Table> & string,
  Answer,
>(
  table: Table,
  columns: readonly Column[],
  as: (row: Selection<Schema, Table, Column>) => Answer,
): { readonly columns: Joined<Table, Column>[]; of(row: object): Answer } {
  const names = columns.map((column) => {
    const [name = '', property = name] = column.split(' as ');
    return { name, property, alias: `${table}.${property}` };
  });
  return {
    columns: names.map(({ name, alias }) => `${table}.${name} as ${alias}`) as Joined<
      Table,
      Column
    >[],
    of(row) {
      const found: Record<string, unknown> = {};
      for (const { property, alias } of names) found[property] = (row as typeof found)[alias];
      return as(found as Selection<Schema, Table, Column>);
    },
  };
}

/** `created_at as createdAt` as `users.created_at as users.createdAt`. */
type Joined<Table extends string, Column> = Column extends `${infer Name} as ${infer Property}`
  ? `${Table}.${Name} as ${Table}.${Property}`
  : Column extends string
    ? `${Table}.${Column} as ${Table}.${Column}`
    : never;

/** Finds in the arguments of a query the value that is bound at one place. */
type Pick = (args: readonly unknown[]) => unknown;

/** Takes that place while the query is built. */
class Slot {
  readonly pick: Pick;

  constructor(pick: Pick) {
    this.pick = pick;
  }
}

type Built = Statement & { readonly name: string; readonly picks: readonly Pick[] };

/** Runs a statement: SQLite answers at once. */
type Run<Found> = (on: Connection, statement: Statement, values: Value[]) => Found | Promise<Found>;

function query<Params extends AnyParams, Found, Answer>(
  build: Build<Params>,
  run: Run<Found>,
  answerOf: (found: Found) => Answer,
): Query<Params, Answer> {
  const builtBy = new WeakMap<Kysely<Schema>, Map<string, Built>>();
  return (on) => {
    const built = builtBy.get(on.builder) ?? new Map<string, Built>();
    builtBy.set(on.builder, built);
    const buildFor = (shape: string, args: readonly unknown[]): Built => {
      const params = args.map((arg, index) =>
        // Only an argument can be left out: in a list or an object, undefined is a value of one call.
        arg === undefined ? undefined : paramFor(arg, (all) => all[index]),
      );
      const statement = compile(build(on.builder, ...(params as unknown as Params)));
      built.set(shape, statement);
      return statement;
    };
    return async (...args) => {
      const shape = shapeOf(args);
      const statement = built.get(shape) ?? buildFor(shape, args);
      const values = statement.picks.map((pick) => asValue(pick(args)));
      return answerOf(await run(on, statement, values));
    };
  };
}

function shapeOf(args: readonly unknown[]): string {
  let shape = '';
  for (const arg of args) {
    shape += Array.isArray(arg) ? `${arg.length},` : arg === undefined ? '-' : '.';
  }
  return shape;
}

function paramFor(arg: unknown, pick: Pick): unknown {
  if (Array.isArray(arg)) {
    return arg.map((item, index) => paramFor(item, (args) => (pick(args) as unknown[])[index]));
  }
  const isValue = typeof arg !== 'object' || arg === null || arg instanceof Uint8Array;
  if (isValue) return sql`${new Slot(pick)}`;
  const property = (_: object, name: string | symbol) =>
    sql`${new Slot((args) => (pick(args) as Record<string | symbol, unknown>)[name])}`;
  return new Proxy({}, { get: property });
}

let statements = 0;

function compile(query: Compilable): Built {
  const { sql: text, parameters, query: node } = query.compile();
  statements += 1;
  return {
    sql: text,
    name: `rekey-${statements}`,
    isRead: node.kind === 'SelectQueryNode',
    picks: parameters.map((each) => (each instanceof Slot ? each.pick : () => each)),
  };
}

/** Flags are 0 or 1 in the tables. */
const asValue = (bound: unknown): Value =>
  typeof bound === 'boolean' ? Number(bound) : (bound as Value);
