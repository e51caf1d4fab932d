import type { Database, News } from '@rekey/usecases';
import { parseDatabaseUrl } from './database-url.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openPostgres } from './dialects/postgres.ts';
import { openSqlite } from './dialects/sqlite.ts';
import { migrate, schemaVersion } from './migrations/index.ts';
import { newsOn } from './news.ts';
import { databaseOn, orUnavailable } from './transact.ts';

export type OpenOptions = {
  /** As `parseDatabaseUrl` reads it. */
  readonly url: string;
  /** The longest time that a call waits for others: for a connection, or for another process on SQLite. */
  readonly patienceMs?: number | undefined;
  /** Connections to PostgreSQL at most. */
  readonly poolSize?: number | undefined;
  /** Whether very many rows are to be written. */
  readonly isBulk?: boolean | undefined;
  /** Told of connections to PostgreSQL that break while nobody uses them; they are replaced. */
  readonly onConnectionError?: ((error: Error) => void) | undefined;
};

export type OpenedDatabase = {
  readonly database: Database;
  readonly news: News;
  /** Brings the schema up to date and answers the names of the steps that were missing. Safe to call at once from many servers. */
  migrate(): Promise<string[]>;
  /** Throws `Unavailable` unless the database answers. */
  ping(): Promise<void>;
  /** Leaves nothing of deleted rows in the write-ahead log of SQLite, unless another process reads that just now. */
  scrub(): Promise<void>;
  /** Bytes that the database takes on the disk. */
  size(): Promise<number>;
  /** Waits for what runs, and ends all connections. */
  close(): Promise<void>;
};

/** Opens a database. A wrong URL, or a file that is not Rekey's, is an error that says so. */
export async function openDatabase(options: OpenOptions): Promise<OpenedDatabase> {
  const dialect = await openDialect(options);
  const news = newsOn(dialect);
  return {
    database: databaseOn(dialect),
    news,
    migrate: () => migrate(dialect),
    ping: () => orUnavailable(dialect, async () => void (await dialect.read(schemaVersion))),
    scrub: () => orUnavailable(dialect, () => dialect.scrub()),
    size: () => orUnavailable(dialect, () => dialect.size()),
    close() {
      news.close();
      return dialect.close();
    },
  };
}

export async function openDialect({ url, ...options }: OpenOptions): Promise<Dialect> {
  const place = parseDatabaseUrl(url);
  return place.kind === 'sqlite'
    ? openSqlite(place.file, options.patienceMs, undefined, options.isBulk)
    : openPostgres(place, options);
}
