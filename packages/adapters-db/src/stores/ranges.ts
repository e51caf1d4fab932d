import type { Id } from '@rekey/domain';
import { type RawBuilder, sql } from 'kysely';
import type { Param } from '../query.ts';

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
