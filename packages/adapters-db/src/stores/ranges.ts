import type { Id } from '@rekey/domain';
import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Param } from '../query.ts';
import type { Schema } from '../schema.ts';

/** The first columns of an index that goes on with the id, and the value that each of them has; without one, it is none of them. */
type Prefix = readonly (readonly [column: string, value: unknown])[];

type Between = {
  readonly after?: Param<Id> | undefined;
  readonly before?: Param<Id> | undefined;
};

/**
 * The rows of such a prefix between two ids: the conditions, and the columns of the order that they have in the index. Its
 * last column is a range, and not an equality: of equalities and an order by id, PostgreSQL may make a walk through
 * everybody's rows, which is long where few of them are meant.
 */
export function rangeOf(prefix: Prefix, { after, before }: Between, idColumn = 'id') {
  const given = prefix.filter(([, value]) => value !== undefined);
  const equal = given
    .slice(0, -1)
    .map(([column, value]) => sql<boolean>`${sql.ref(column)} = ${value}`);
  const last = given.slice(-1);
  const columns = last.map(([column]) => sql.ref(column));
  const values = last.map(([, value]) => value);
  const id = sql.ref(idColumn);
  const row = (items: readonly unknown[]) => sql`(${sql.join(items)})`;
  const range = (sign: RawBuilder<unknown>, end: Param<Id> | undefined) => {
    if (end !== undefined) {
      return [sql<boolean>`${row([...columns, id])} ${sign} ${row([...values, end])}`];
    }
    return last.length === 0 ? [] : [sql<boolean>`${row(columns)} ${sign}= ${row(values)}`];
  };
  return {
    conditions: [...equal, ...range(sql`>`, after), ...range(sql`<`, before)],
    order: [...columns, id],
  };
}

/** The rows of a page are fewer than its size, which stands in the query; so many make one query for nearly all pages. */
const LEAST_SIZE = 64;

/**
 * A query for pages of one size each. PostgreSQL plans a query of any number of rows for a tenth of all, finds that dear
 * where there are very many, and plans each page anew with its values, which takes longer than the page.
 */
export function bySize<Query>(make: (size: number) => Query): (limit: number) => Query {
  const made = new Map<number, Query>();
  return (limit) => {
    const size = Math.max(LEAST_SIZE, 2 ** Math.ceil(Math.log2(limit)));
    const query = made.get(size) ?? make(size);
    made.set(size, query);
    return query;
  };
}

/** The first rows of such a size: in the order of the rows, and no more of them are read than asked for. */
export const firstRows = <All, Tables extends keyof All, Row>(
  db: Kysely<Schema>,
  rows: SelectQueryBuilder<All, Tables, Row>,
  size: number,
  limit: Param<number>,
) =>
  db
    .selectFrom(rows.limit(sql.lit(size)).as('page'))
    .selectAll()
    .limit(limit);
