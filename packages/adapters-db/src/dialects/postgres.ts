import type { Id } from '@rekey/domain';
import type { OnDisk } from '@rekey/usecases';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import pg from 'pg';
import type { PostgresPlace } from '../database-url.ts';
import { CHANGED, EVERYTHING } from '../migrations/change-notices.ts';
import type { Schema } from '../schema.ts';
import { changeListener } from './change-listener.ts';
import type { Connection, Dialect, FoundBy, Grammar, Lookup, Statement, Value } from './dialect.ts';
import { keptReads } from './kept-reads.ts';

/** PostgreSQL gives up first; `queryMs` is for a server that has vanished without a word. */
const TIMEOUTS = {
  connectMs: 3000,
  lockMs: 2000,
  statementMs: 5000,
  queryMs: 8000,
  idleMs: 10_000,
};

/** The longest time that a timer can have: no limit. */
const FOREVER_MS = 2 ** 31 - 1;

const POOL_SIZE = 10;

/** How often a transaction runs that PostgreSQL asks to run again. */
const MAX_RUNS = 5;

/** The key of the advisory lock under which the schema changes: "Rekey" in ASCII. */
const SCHEMA_LOCK = 0x52656b6579;

/** The type `int8`: as numbers, for no instant comes near 2^53. pg makes text of it otherwise. */
const INT8 = 20;

type PostgresOptions = {
  readonly poolSize?: number | undefined;
  readonly patienceMs?: number | undefined;
  readonly onConnectionError?: ((error: Error) => void) | undefined;
};

/** What a session gives up after; a pooler takes none of it at the start of a connection. */
const SESSION = {
  lock_timeout: TIMEOUTS.lockMs,
  statement_timeout: TIMEOUTS.statementMs,
  idle_in_transaction_session_timeout: TIMEOUTS.idleMs,
};

/** How each connection is made. */
export const settingsOf = ({ config, isPooled }: PostgresPlace) => ({
  ...config,
  ...(isPooled ? {} : SESSION),
});

/** Opens a pool of connections; none is made before it is needed. */
export function openPostgres(place: PostgresPlace, options: PostgresOptions = {}): Dialect {
  const { poolSize = POOL_SIZE, patienceMs = TIMEOUTS.connectMs, onConnectionError } = options;
  const pool = new pg.Pool({
    ...settingsOf(place),
    pipeline: !place.isPooled,
    max: poolSize,
    connectionTimeoutMillis: patienceMs,
    query_timeout: TIMEOUTS.queryMs,
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

  const { isPooled, canListen } = place;
  const run: Run = (query) => pool.query(query);
  const plain = connectionOn({ read: run, change: run, send: run }, isPooled);
  let hearer: (serviceId: Id | null) => void = () => undefined;
  const listener = changeListener({
    config: { ...settingsOf(place), keepAlive: true, application_name: 'rekey listener' },
    onChange: (id) => (id === EVERYTHING ? kept.forgetAll() : kept.forget([id])),
    onSequenced: (serviceId) => hearer(serviceId),
    onGap: () => {
      kept.forgetAll();
      hearer(null);
    },
  });
  const kept = keptReads({
    trust: listener,
    ask: async ({ statement }, texts) => plain.rows(statement, [texts]),
  });
  const reading: Connection = {
    ...plain,
    find(lookup, text) {
      // Without it, no answer is kept, and each read goes to the database.
      if (canListen) listener.start();
      return kept.find(lookup, text);
    },
  };
  /** Each connection of the pool is wrapped once. */
  const clients = new WeakMap<pg.PoolClient, Client>();
  const connect = async (): Promise<Client> => {
    const pooled = await pool.connect();
    const client = clients.get(pooled) ?? clientOn(pooled, isPooled);
    clients.set(pooled, client);
    return client;
  };

  const transact: Dialect['transact'] = async (work, onDisk = 'now') => {
    for (let run = 1; ; run += 1) {
      try {
        return await transactOn(await connect(), work, kept.forget, onDisk);
      } catch (error) {
        if (run === MAX_RUNS || !isLostRace(error)) throw error;
      }
    }
  };

  return {
    name: 'postgres',
    transact,
    transactAlone: async (work) => {
      const pooled = await pool.connect().catch(explained);
      const unhurried = clientOn(pooled, isPooled, { query_timeout: FOREVER_MS });
      return transactOn(unhurried, async (on) => {
        const { rows } = await unhurried.run({ text: 'show server_encoding' });
        checkEncoding(rows[0]?.server_encoding);
        await unhurried.run({ text: 'set local lock_timeout = 0' });
        await unhurried.run({ text: 'set local statement_timeout = 0' });
        await unhurried.run({ text: `select pg_advisory_xact_lock(${SCHEMA_LOCK})` });
        return work(on);
      });
    },
    read: (work) => work(reading),
    hearOfFeeds: canListen
      ? (on) => {
          hearer = on;
          return () => {
            listener.start();
            return listener.isProven();
          };
        }
      : null,
    // Its files are its own: vacuum and its log are for whoever runs it.
    scrub: async () => undefined,
    async size() {
      const text = 'select pg_database_size(current_database()) as bytes';
      const { rows } = await pool.query<{ bytes: number }>(text);
      return rows[0]?.bytes ?? 0;
    },
    isOutage,
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

const BEGIN = 'begin isolation level read committed';

/** What a session of its own would have had from the start. */
const BEGIN_POOLED = [
  BEGIN,
  ...Object.entries(SESSION).map(([name, ms]) => `set local ${name} = ${ms}`),
].join('; ');

/** The log of PostgreSQL is written in order: the next commit that waits for the disk takes this one there as well. */
const WITH_THE_NEXT = '; set local synchronous_commit = off';

type Run<Answer = pg.QueryResult> = (query: pg.QueryConfig) => Promise<Answer>;

/** The ways of a statement to PostgreSQL, by what it does. */
type Ways = { readonly read: Run; readonly change: Run; readonly send: Run<unknown> };

/** A connection of the pool. */
type Client = {
  readonly on: Connection;
  readonly run: Run;
  begin(onDisk: OnDisk): Promise<unknown>;
  rollBack(): Promise<void>;
  /** Gives it back to the pool. */
  release(): void;
};

const nothing = () => undefined;

function clientOn(
  pooled: pg.PoolClient,
  isPooled: boolean,
  settings: { readonly query_timeout?: number } = {},
): Client {
  let isBroken = false;
  const query: Run = async (query) => {
    try {
      return await pooled.query({ ...settings, ...query });
    } catch (error) {
      // An error that did not come from the server leaves the connection in a state that nobody knows.
      isBroken ||= !(error instanceof pg.DatabaseError);
      throw error;
    }
  };
  /** The begin of the transaction, and all that was sent without waiting: each fails with the first error so far. */
  let begun: Promise<unknown> = Promise.resolve();
  let sent = begun;
  const run: Run = async (statement) => {
    const before = sent;
    const answer = query(statement);
    // What was sent before and failed is why this one fails, and is thrown instead.
    answer.catch(nothing);
    await before;
    return answer;
  };
  const post = (statement: pg.QueryConfig) => {
    sent = run(statement);
    sent.catch(nothing);
    return sent;
  };
  // Where a transaction cannot begin, nothing could undo a change that is on its way.
  const change: Run = async (statement) => {
    await begun;
    return run(statement);
  };
  const send = async (statement: pg.QueryConfig) => {
    await begun;
    void post(statement);
  };
  return {
    on: connectionOn({ read: run, change, send: isPooled ? change : send }, isPooled),
    run,
    async begin(onDisk) {
      sent = Promise.resolve();
      const text = (isPooled ? BEGIN_POOLED : BEGIN) + (onDisk === 'now' ? '' : WITH_THE_NEXT);
      begun = post({ text });
      if (isPooled) await begun;
    },
    async rollBack() {
      // A connection that is broken is closed, and its transaction with it.
      if (!isBroken) await query({ text: 'rollback' }).catch(nothing);
    },
    release: () => pooled.release(isBroken),
  };
}

/** In one round trip: what the transaction changed, and its end. */
const COMMIT = `select current_setting('${CHANGED}', true) as changed; commit`;

const IN_FAILED_TRANSACTION = '25P02';

/** Commits, and answers the ids of the users, keys and services that the transaction changed. */
async function commit(run: Run): Promise<string[]> {
  try {
    // Two statements have an array of results.
    const [found] = (await run({ text: COMMIT })) as unknown as pg.QueryResult[];
    const changed: string | null = found?.rows[0]?.changed;
    return changed ? changed.trim().split(' ') : [];
  } catch (error) {
    if ((error as pg.DatabaseError).code !== IN_FAILED_TRANSACTION) throw error;
    throw new Error('a transaction went on after a query that failed', { cause: error });
  }
}

async function transactOn<T>(
  { on, run, begin, rollBack, release }: Client,
  work: (on: Connection) => Promise<T>,
  tell: (changed: string[]) => void = () => undefined,
  onDisk: OnDisk = 'now',
): Promise<T> {
  try {
    await begin(onDisk);
    const result = await work(on);
    const changed = await commit(run);
    if (changed.length > 0) tell(changed);
    return result;
  } catch (error) {
    await rollBack();
    throw error;
  } finally {
    release();
  }
}

/** For so long a transaction that has the turn may do nothing: a server that is stopped gives way to others. */
const TURN_IDLE_MS = 1000;

/** The row whose lock is the turn. */
const TURN = `select set_config('idle_in_transaction_session_timeout', '${TURN_IDLE_MS}', true) from turns where id = 1`;

/** The SQL of PostgreSQL. */
export const postgresGrammar: Grammar = {
  builder: new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  isAsked: (column, asked) => sql`${column} = any(${asked})`,
  boundsRowsByExpressions: true,
  turn: {
    try: { name: 'rekey-turn-try', sql: `${TURN} for update skip locked`, isRead: true },
    wait: { name: 'rekey-turn-wait', sql: `${TURN} for update`, isRead: true },
  },
};

/** Behind a pooler, statements have no names: the next transaction may be on a connection that does not know them. */
const connectionOn = ({ read, change, send }: Ways, isPooled: boolean): Connection => {
  const queryOf = ({ sql, name }: Statement, values: readonly Value[]) => ({
    text: sql,
    values: [...values],
    ...(name !== undefined && !isPooled && { name }),
  });
  const ask = (statement: Statement, values: readonly Value[]) =>
    (statement.isRead ? read : change)(queryOf(statement, values));
  return {
    ...postgresGrammar,
    async find<Row extends FoundBy, Answer>({ statement, as }: Lookup<Row, Answer>, text: string) {
      const { rows } = await ask(statement, [[text]]);
      return rows[0] === undefined ? null : as(rows[0]);
    },
    async rows(statement, values, as = (row) => row as never) {
      const { rows } = await ask(statement, values);
      return rows.map((row) => as(row));
    },
    changes: async (statement, values) => (await ask(statement, values)).rowCount ?? 0,
    run: async (statement, values) => void (await send(queryOf(statement, values))),
  };
};

/** In any other encoding, there are names and words that cannot be stored. */
export function checkEncoding(encoding: unknown): void {
  if (encoding === 'UTF8') return;
  throw new Error(
    `the database has the encoding ${encoding}, and UTF8 is needed: create database NAME encoding 'UTF8' template template0`,
  );
}

/** Says what to do where a pooler answers in the place of PostgreSQL. */
export function explained(error: unknown): never {
  if (error instanceof Error && /unsupported startup parameter/.test(error.message)) {
    const hint = 'a pooler answers here: DATABASE_URL needs the parameter pgbouncer=true';
    throw new Error(`${error.message}; ${hint}`, { cause: error });
  }
  throw error;
}

/**
 * Two transactions were in each other's way, and this one was undone: a deadlock, a failure to serialize, or both wrote
 * what there may be only once, which a guard sees in the next run.
 */
const isLostRace = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(40(001|P01)|23505)$/.test(error.code ?? '');

/**
 * By the classes of appendix A of PostgreSQL's manual: connections, lost races, resources, a standby that cannot write,
 * a lock or a transaction that took too long, an operator's hand, failing disks.
 */
const OUTAGE_CODES = /^(08|40|53|25006|25P03|55P03|57|58)/;

/** The errors of pg and its pool that have no code. */
const OUTAGE_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed))/;

const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return OUTAGE_CODES.test(error.code ?? '');
  // ECONNREFUSED, ENOTFOUND and their kin.
  const { code } = error as NodeJS.ErrnoException;
  return /^E(?!RR_)[A-Z]+/.test(code ?? '') || OUTAGE_MESSAGES.test(error.message);
};
