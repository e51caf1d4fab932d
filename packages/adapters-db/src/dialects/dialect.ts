import type { Id } from '@rekey/domain';
import type { OnDisk } from '@rekey/usecases';
import type { Kysely, RawBuilder } from 'kysely';
import type { Schema } from '../schema.ts';

/** All that SQLite and PostgreSQL do differently. The stores run the same queries on both. */
export type Dialect = {
  readonly name: 'sqlite' | 'postgres';
  /** Runs `work` in one transaction; it may run again where the database asks for that. `onDisk`: `now` unless given. */
  transact<T>(work: (on: Connection) => Promise<T>, onDisk?: OnDisk): Promise<T>;
  /** Runs a change of the schema in one transaction; all such changes take turns, however long that takes. */
  transactAlone<T>(work: (on: Connection) => Promise<T>): Promise<T>;
  /** Runs lone reads without a transaction. */
  read<T>(work: (on: Connection) => Promise<T>): Promise<T>;
  /**
   * Calls `on` with a service whose feed another process may have added to, or with null where it may be any: as soon as the
   * database tells of it. Answers whether the database is sure to tell of all; null where it never does.
   */
  hearOfFeeds: ((on: (serviceId: Id | null) => void) => () => boolean) | null;
  /** Writes over what was deleted and is still in files of Rekey's own; what a server of others keeps is theirs. */
  scrub(): Promise<void>;
  /** Bytes that the database takes on the disk. */
  size(): Promise<number>;
  /** Whether an error says that the database cannot answer now, and not that a query is wrong. */
  isOutage(error: unknown): boolean;
  /** Ends all connections, once what runs on them is done. */
  close(): Promise<void>;
};

/** How SQL is written for a database. */
export type Grammar = {
  /** Kysely, which writes the SQL of a query. It runs none: that would take as long again as the query. */
  readonly builder: Kysely<Schema>;
  /** Whether a column has the text, or on PostgreSQL one of the texts, that a lookup asks for. */
  isAsked(column: RawBuilder<unknown>, asked: RawBuilder<string>): RawBuilder<boolean>;
  /** Whether a row of values that is compared bounds the walk of an index where it begins with an expression of that. */
  readonly boundsRowsByExpressions: boolean;
  /**
   * Each answers a row where the transaction has the turn of giving places to what is pending, at once or after it has
   * waited; null where each transaction has the whole database to itself.
   */
  readonly turn: { readonly try: Statement; readonly wait: Statement } | null;
};

/** A connection to the database, on which statements run. */
export type Connection = Grammar & {
  /** The row that a lookup finds by a text; null where there is none. The answer must not be changed: it may be kept. */
  find<Row extends FoundBy, Answer>(
    lookup: Lookup<Row, Answer>,
    text: string,
  ): Promise<Answer | null>;
  /** Answers the rows, as `as` makes them. An answer must not be changed: it may be kept, and given to others. */
  rows<Row, Answer = Row>(
    statement: Statement,
    values: readonly Value[],
    as?: (row: Row) => Answer,
  ): Answer[] | Promise<Answer[]>;
  /** Runs a statement that answers no rows; answers how many it changed. */
  changes(statement: Statement, values: readonly Value[]): number | Promise<number>;
  /**
   * Runs a statement of which nobody asks what it changed: it may be sent without waiting for the answer. If it fails, the
   * next call of the transaction throws its error, or the commit does.
   */
  run(statement: Statement, values: readonly Value[]): void | Promise<void>;
};

export type Statement = {
  readonly sql: string;
  /** A name of its own, under which a connection keeps it prepared; without, it is prepared for one run. */
  readonly name?: string;
  /** Whether it changes nothing, and does no harm outside of a transaction. */
  readonly isRead?: boolean;
};

/** A query for one row by a text that no other row has, which is asked at nearly every request. */
export type Lookup<Row extends FoundBy, Answer> = {
  /** Its one value is the text; on PostgreSQL, a list of texts. */
  readonly statement: Statement & { readonly name: string };
  as(row: Row): Answer;
  /** The users, keys and services whose rows the answer rests on. */
  idsOf(answer: Answer): readonly Id[];
};

/** A row says which text it was found by. */
export type FoundBy = { readonly foundBy: string };

/** Octets are a Buffer: the drivers of both databases bind it. */
export type Value = string | number | Buffer | null | readonly string[];
