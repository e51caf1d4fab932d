import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import pg from 'pg';
import type { Dialect } from './dialect.ts';
import type { Schema } from './schema.ts';

/** Milliseconds. The server gives up first; `query` is for one that has vanished without a word. */
const TIMEOUT = { connect: 3000, lock: 2000, statement: 5000, query: 8000, idle: 10_000 };

/** As long as a timer can be: no limit. */
const FOREVER = 2 ** 31 - 1;

const POOL_SIZE = 10;

/** How often a transaction runs that PostgreSQL asks to run again. */
const MAX_RUNS = 5;

/** The queries of the stores are about forty; whatever comes after so many is not prepared. */
const MAX_STATEMENTS = 200;

/** The key of the advisory lock under which the schema changes: "Rekey" in ASCII. */
const SCHEMA_LOCK = 0x52656b6579;

/** The type `int8`: as numbers, for no instant comes near 2^53. pg makes text of it otherwise. */
const INT8 = 20;

export type PostgresOptions = {
  readonly poolSize?: number | undefined;
  readonly patience?: number | undefined;
  readonly onConnectionError?: ((error: Error) => void) | undefined;
};

/** Opens a pool of connections; none is made before it is needed. */
export function openPostgres(url: string, options: PostgresOptions = {}): Dialect {
  const { poolSize = POOL_SIZE, patience = TIMEOUT.connect, onConnectionError } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: patience,
    lock_timeout: TIMEOUT.lock,
    statement_timeout: TIMEOUT.statement,
    idle_in_transaction_session_timeout: TIMEOUT.idle,
    query_timeout: TIMEOUT.query,
    keepAlive: true,
    application_name: 'rekey',
    types: {
      getTypeParser: (oid, format) =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format ?? 'text'),
    },
  });
  // Without listeners, a database that restarts would end the process. A query that fails says so itself.
  pool.on('error', (error) => onConnectionError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));

  const nameOf = statementNames();
  const db = kyselyOn(pool, nameOf);
  const unhurried = kyselyOn(pool, nameOf, { query_timeout: FOREVER });
  const begin = (on: Kysely<Schema>) => on.transaction().setIsolationLevel('read committed');

  const transact: Dialect['transact'] = async (work) => {
    for (let run = 1; ; run += 1) {
      try {
        return await begin(db).execute(work);
      } catch (error) {
        if (run === MAX_RUNS || !isLostRace(error)) throw error;
      }
    }
  };

  return {
    transact,
    transactAlone: (work) =>
      begin(unhurried).execute(async (trx) => {
        await sql`set local lock_timeout = 0`.execute(trx);
        await sql`set local statement_timeout = 0`.execute(trx);
        await sql`select pg_advisory_xact_lock(${sql.lit(SCHEMA_LOCK)})`.execute(trx);
        return work(trx);
      }),
    read: (work) => db.connection().execute(work),
    isOutage,
    close: () => pool.end(),
  };
}

/** Names under which each connection prepares a statement once; nothing for those that come after so many. */
function statementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || names.size >= MAX_STATEMENTS) return known;
    const name = `rekey-${names.size}`;
    names.set(text, name);
    return name;
  };
}

/** Kysely on the pool, with prepared statements, and connections thrown away when they break. */
function kyselyOn(
  pool: pg.Pool,
  nameOf: (text: string) => string | undefined,
  settings: { readonly query_timeout?: number } = {},
): Kysely<Schema> {
  const connect = async () => {
    const client = await pool.connect();
    let isBroken = false;
    return {
      query: async (text: string, values: readonly unknown[]) => {
        const name = values.length > 0 ? nameOf(text) : undefined;
        const query = { ...settings, text, values: [...values] };
        try {
          return await client.query(name === undefined ? query : { ...query, name });
        } catch (error) {
          // What did not come from the server leaves the connection in a state that nobody knows.
          isBroken ||= !(error instanceof pg.DatabaseError);
          throw error;
        }
      },
      release: (isDiscarded?: boolean) => client.release(isDiscarded || isBroken),
    };
  };
  // Kysely's type asks for cursors too, which no store uses.
  const facade = {
    connect,
    options: pool.options,
    end: () => pool.end(),
  } as unknown as PostgresPool;
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: async () => facade }) });
}

/** Two transactions were in each other's way, and this one was undone: a deadlock, or a failure to serialize. */
const isLostRace = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^40(001|P01)$/.test(error.code ?? '');

/**
 * By the classes of appendix A of PostgreSQL's manual: connections, lost races, resources, a standby that cannot write,
 * a lock or a transaction that took too long, an operator's hand, failing disks.
 */
const OUTAGE_CODES = /^(08|40|53|25006|25P03|55P03|57|58)/;

/** What pg and its pool say without a code. */
const OUTAGE_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed))/;

const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return OUTAGE_CODES.test(error.code ?? '');
  // ECONNREFUSED, ENOTFOUND and their kin.
  const { code } = error as NodeJS.ErrnoException;
  return /^E(?!RR_)[A-Z]+/.test(code ?? '') || OUTAGE_MESSAGES.test(error.message);
};
