import type { SelectExpression, Selection } from 'kysely';
import type { Schema } from './schema.ts';

/** `created_at as createdAt` as `users.created_at as users.createdAt`. */
type Named<Table extends string, Column> = Column extends `${infer Name} as ${infer Property}`
  ? `${Table}.${Name} as ${Table}.${Property}`
  : Column extends string
    ? `${Table}.${Column} as ${Table}.${Column}`
    : never;

/** Columns of a table among those of others, under names that no other has, and its row out of what a join answers. */
export function joined<
  Table extends keyof Schema,
  Column extends SelectExpression<Schema, Table> & string,
>(table: Table, columns: readonly Column[]) {
  const names = columns.map((column) => {
    const [name = '', property = name] = column.split(' as ');
    return { name, property, alias: `${table}.${property}` };
  });
  return {
    columns: names.map(({ name, alias }) => `${table}.${name} as ${alias}`) as Named<
      Table,
      Column
    >[],
    rowOf(row: Readonly<Record<string, unknown>>): Selection<Schema, Table, Column> {
      const found: Record<string, unknown> = {};
      for (const { property, alias } of names) found[property] = row[alias];
      return found as Selection<Schema, Table, Column>;
    },
  };
}
