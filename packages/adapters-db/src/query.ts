import {
  type Compilable,
  type Kysely,
  type RawBuilder,
  type SelectExpression,
  type Selection,
  sql,
} from 'kysely';
import type { Connection, Statement, Value } from './dialects/dialect.ts';
import type { Schema } from './schema.ts';

/*
 * Every query of every store is a constant made here, and built once: building takes several times as long as running.
 *
 *   const byName = one(
 *     (db, name: Given<string>) => db.selectFrom('users').select(userColumns).where('name', '=', name),
 *     asUser,
 *   );
 *   const user = await byName(connection)('Ada');
 *
 * `build` is given stand-ins for the values that each run brings. It is called again only for values of another shape:
 * another length of a list, or an optional value that is not there.
 */

/** The first row, as `as` makes it; null where there is none. */
export function one<Given extends Stands, Row, Answer = Row>(
  build: Build<Given, Row>,
  as?: (row: Row) => Answer,
): Query<Given, Answer | null> {
  return query(build, async (on, statement, values) => {
    const [first = null] = await on.rows(statement, values, as);
    return first;
  });
}

/** All rows, as `as` makes them. */
export function all<Given extends Stands, Row, Answer = Row>(
  build: Build<Given, Row>,
  as?: (row: Row) => Answer,
): Query<Given, Answer[]> {
  return query(build, (on, statement, values) => on.rows(statement, values, as));
}

/** A write that nobody asks anything. */
export function write<Given extends Stands>(build: Build<Given>): Query<Given, void> {
  return query(build, async (on, statement, values) => {
    await on.changes(statement, values);
  });
}

/** A write that tells whether it changed a row. */
export function guarded<Given extends Stands>(build: Build<Given>): Query<Given, boolean> {
  return query(build, async (on, statement, values) => {
    return (await on.changes(statement, values)) > 0;
  });
}

/** A write that tells how many rows it changed. */
export function counted<Given extends Stands>(build: Build<Given>): Query<Given, number> {
  return query(build, (on, statement, values) => on.changes(statement, values));
}

type Query<Given extends Stands, Answer> = (
  on: Connection,
) => (...values: { [Index in keyof Given]: ValueOf<Given[Index]> }) => Promise<Answer>;

type Build<Given extends Stands, Row = unknown> = (
  db: Kysely<Schema>,
  ...given: Given
) => Compilable<Row>;

/** Stands in a query for a value: for each one of a list, and for each property of an object. */
export type Given<T> = [T] extends [string | number | boolean | null]
  ? RawBuilder<T>
  : T extends readonly (infer Each)[]
    ? readonly Given<Each>[]
    : { readonly [Name in keyof T]: Given<T[Name]> };

type Stands = readonly unknown[];

/** What a run brings for what stands in the query. */
type ValueOf<Stand> =
  Stand extends RawBuilder<infer T>
    ? T
    : Stand extends readonly (infer Each)[]
      ? readonly ValueOf<Each>[]
      : Stand extends object
        ? { readonly [Name in keyof Stand]: ValueOf<Stand[Name]> }
        : Stand;

/**
 * A given text that SQLite need not plan for. It plans a query anew whenever a value is bound that the plan might depend
 * on, which it takes for true of each in a join or beside the condition of a partial index, and that takes longer than
 * the query. It never takes it for true of the outcome of an expression.
 */
export const asText = (text: RawBuilder<string>): RawBuilder<string> => sql`cast(${text} as text)`;

/** Columns of a table among those of others in a join, under names that no other has, and its row out of the answer. */
export function joined<
  Table extends keyof Schema,
  Column extends SelectExpression<Schema, Table> & string,
  Answer,
>(
  table: Table,
  columns: readonly Column[],
  as: (row: Selection<Schema, Table, Column>) => Answer,
): { readonly columns: Named<Table, Column>[]; of(row: object): Answer } {
  const names = columns.map((column) => {
    const [name = '', property = name] = column.split(' as ');
    return { name, property, alias: `${table}.${property}` };
  });
  return {
    columns: names.map(({ name, alias }) => `${table}.${name} as ${alias}`) as Named<
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
type Named<Table extends string, Column> = Column extends `${infer Name} as ${infer Property}`
  ? `${Table}.${Name} as ${Table}.${Property}`
  : Column extends string
    ? `${Table}.${Column} as ${Table}.${Column}`
    : never;

/** Finds one value in what a run brings. */
type Pick = (values: readonly unknown[]) => unknown;

/** Marks where a value goes. */
class Slot {
  readonly pick: Pick;

  constructor(pick: Pick) {
    this.pick = pick;
  }
}

type Built = Statement & { readonly picks: readonly Pick[] };

function query<Given extends Stands, Answer>(
  build: Build<Given>,
  run: (on: Connection, statement: Statement, values: Value[]) => Answer | Promise<Answer>,
): Query<Given, Answer> {
  /** By who writes the SQL, and by the shape of the values. */
  const known = new WeakMap<Kysely<Schema>, Map<string, Built>>();
  return (on) => {
    const shapes = known.get(on.builder) ?? new Map<string, Built>();
    known.set(on.builder, shapes);
    const buildFor = (shape: string, values: readonly unknown[]): Built => {
      const built = compile(build(on.builder, ...(standsFor(values) as unknown as Given)));
      shapes.set(shape, built);
      return built;
    };
    return async (...values) => {
      const shape = shapeOf(values);
      const built = shapes.get(shape) ?? buildFor(shape, values);
      return run(
        on,
        built,
        built.picks.map((pick) => asBound(pick(values))),
      );
    };
  };
}

function shapeOf(values: readonly unknown[]): string {
  let shape = '';
  for (const value of values) {
    shape += Array.isArray(value) ? `${value.length},` : value === undefined ? '-' : '.';
  }
  return shape;
}

const standsFor = (values: readonly unknown[]): unknown[] =>
  values.map((value, index) => standFor(value, (all) => all[index]));

function standFor(value: unknown, pick: Pick): unknown {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) {
    return value.map((each, index) => standFor(each, (all) => (pick(all) as unknown[])[index]));
  }
  if (typeof value !== 'object' || value === null) return sql`${new Slot(pick)}`;
  const property = (_: object, name: string | symbol) =>
    sql`${new Slot((all) => (pick(all) as Record<string | symbol, unknown>)[name])}`;
  return new Proxy({}, { get: property });
}

let statements = 0;

function compile(query: Compilable): Built {
  const { sql: text, parameters } = query.compile();
  statements += 1;
  return {
    sql: text,
    name: `rekey-${statements}`,
    picks: parameters.map((each) => (each instanceof Slot ? each.pick : () => each)),
  };
}

/** Flags are 0 or 1 in the tables. */
const asBound = (value: unknown): Value =>
  typeof value === 'boolean' ? Number(value) : (value as Value);
