import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** All that SQLite and PostgreSQL do differently. The stores run the same queries on both. */
export type Dialect = {
  /** Runs `work` in one transaction; it may run again where the database asks for that. */
  transact<T>(work: (on: Connection) => Promise<T>): Promise<T>;
  /** Runs a change of the schema in one transaction; all such changes take turns, however long that takes. */
  transactAlone<T>(work: (on: Connection) => Promise<T>): Promise<T>;
  /** Runs lone reads without a transaction. */
  read<T>(work: (on: Connection) => Promise<T>): Promise<T>;
  /** Bytes that the database takes on the disk. */
  size(): Promise<number>;
  /** Whether an error says that the database cannot answer now, and not that a query is wrong. */
  isOutage(error: unknown): boolean;
  /** Ends all connections, once what runs on them is done. */
  close(): Promise<void>;
};

/** A connection to the database, on which statements run. */
export type Connection = {
  /** Kysely, which writes the SQL of a query. It runs none: that would take as long again as the query. */
  readonly builder: Kysely<Schema>;
  /** Answers the rows, as `as` makes them. An answer must not be changed: it may be kept, and given to others. */
  rows<Row, Answer = Row>(
    statement: Statement,
    values: readonly Value[],
    as?: (row: Row) => Answer,
  ): Answer[] | Promise<Answer[]>;
  /** Runs a statement that answers no rows; answers how many it changed. */
  changes(statement: Statement, values: readonly Value[]): number | Promise<number>;
};

export type Statement = {
  readonly sql: string;
  /** A name of its own, under which a connection keeps it prepared; without, it is prepared for one run. */
  readonly name?: string;
};

/** Octets are a Buffer: the drivers of both databases bind it. */
export type Value = string | number | Buffer | null;
