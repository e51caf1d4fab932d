import type { TransactOptions } from '@rekey/usecases';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** All that SQLite and PostgreSQL do differently. The stores run the same SQL on both. */
export type Dialect = {
  /** Runs `work` in one transaction; it may run again where the database asks for that. */
  transact<T>(work: (db: Kysely<Schema>) => Promise<T>, options?: TransactOptions): Promise<T>;
  /** The same, with all who change the schema one after another, however long that takes. */
  transactAlone<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** Runs lone reads without a transaction. */
  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** Whether an error says that the database cannot answer now, and not that a query is wrong. */
  isOutage(error: unknown): boolean;
  /** Ends all connections, once what runs on them is done. */
  close(): Promise<void>;
};
