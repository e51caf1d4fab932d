import { access, constants, type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import { asText } from '../query.ts';
import type { Schema } from '../schema.ts';
import type { Connection, Dialect, FoundBy, Grammar, Lookup, Statement, Value } from './dialect.ts';
import { type ReadMemory, readMemory } from './read-memory.ts';
import { sharedSync } from './shared-sync.ts';

/** The time for which SQLite itself waits for a lock, and Node with it; beyond, the event loop runs. */
const BUSY_TIMEOUT_MS = 10;

/** The time for which a call waits for other processes that use the file. */
const PATIENCE_MS = 5000;

/** "Rkey" in the header of the file, by which Rekey knows its own. */
const APPLICATION_ID = 0x526b6579;

/**
 * The settings that Rekey relies on. With `synchronous=NORMAL` a power cut can lose the latest commits, never earlier
 * ones: `transact` answers a commit only when it is on the disk, unless the next one may take it there, and nobody else
 * waits for the disk meanwhile.
 * Without `secure_delete` the bytes of deleted rows stay in the file until something is written over them.
 */
const SETTINGS = {
  journal_mode: 'wal',
  synchronous: 1 /* NORMAL */,
  foreign_keys: 1,
  secure_delete: 1,
};

/**
 * For whoever writes very many rows: a cache for the indexes, in KiB, in which their rows have no neighbours, and out of
 * which nothing is written before its commit; and so many pages of the log before they are copied into the file, each of
 * them once then.
 */
const BULK = { cache_size: -131_072, cache_spill: 0, wal_autocheckpoint: 16_384 };

/** Puts on the disk what was written to a file. */
type DataSync = (file: FileHandle) => Promise<void>;

/** Opens the database in a file, which is made where it is not there. A file of anything else is left as it is. */
export async function openSqlite(
  file: string,
  patienceMs = PATIENCE_MS,
  dataSync: DataSync = (log) => log.datasync(),
  isBulk = false,
): Promise<Dialect> {
  const until = () => performance.now() + patienceMs;
  const name = path.resolve(file);
  const handles: Sqlite.Database[] = [];
  const openHandle = (readonly: boolean) => {
    const handle = new Sqlite(name, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    handles.push(handle);
    return handle;
  };
  const close = () => {
    for (const handle of handles) handle.close();
  };

  try {
    await createFile(name);
    // The reader first: it cannot write, and so cannot harm a file that turns out to be somebody else's.
    const reader = openHandle(true);
    await patiently(until(), () => checkIdentity(reader)).catch((error: unknown) => {
      if (!isHalfWritten(error)) throw error;
      // The next handle that may write takes the unfinished writes back; a reader cannot.
      return patiently(until(), () => checkIdentity(openHandle(false)));
    });
    const writer = openHandle(false);
    await patiently(until(), () => applySettings(writer));
    for (const [setting, value] of Object.entries(isBulk ? BULK : {})) {
      writer.pragma(`${setting} = ${value}`);
    }
    const size = async () => {
      const log = await stat(logNameOf(name)).catch(() => null);
      return (await stat(name)).size + (log?.size ?? 0);
    };
    return { ...dialectOn(reader, writer, logOf(name, dataSync), until, close), size };
  } catch (error) {
    close();
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`the database file ${name} cannot be used: ${reason}`, { cause: error });
  }
}

function dialectOn(
  reader: Sqlite.Database,
  writer: Sqlite.Database,
  log: Log,
  until: () => number,
  close: () => void,
): Omit<Dialect, 'size'> {
  // It changes with each commit that the reader has not made, and the reader makes none.
  const version = reader.prepare('pragma data_version').pluck();
  const memory = readMemory(() => Number(version.get()));
  const reading = connectionOn(reader, memory);
  const writing = connectionOn(writer, null);

  const begin = writer.prepare('begin immediate');
  const commit = writer.prepare('commit');

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };

  const sync = sharedSync(() =>
    log.sync().catch((error: unknown) =>
      inTurn(async () => {
        // Where the log cannot keep a commit, the database file may.
        const isKept = writer.pragma('wal_checkpoint(truncate)', { simple: true }) === 0;
        if (!isKept) throw new Sqlite.SqliteError(String(error), 'SQLITE_IOERR_FSYNC');
      }),
    ),
  );

  const transact: Dialect['transact'] = async (work, onDisk = 'now') => {
    const deadline = until();
    const result = await inTurn(async () => {
      // Immediate: a transaction that reads first and writes later could not be waited for.
      await patiently(deadline, () => begin.run());
      try {
        const result = await work(writing);
        commit.run();
        memory.forget();
        return result;
      } catch (error) {
        // A full disk, for one, has rolled back already.
        if (writer.inTransaction) writer.exec('rollback');
        throw error;
      }
    });
    // The log is written in order: the next sync takes this commit to the disk as well.
    if (onDisk === 'now') await sync();
    return result;
  };

  return {
    name: 'sqlite',
    transact,
    transactAlone: (work) =>
      transact((on) => {
        writer.pragma(`application_id = ${APPLICATION_ID}`);
        return work(on);
      }),
    read: (work) =>
      patiently(until(), () => {
        memory.refresh();
        return work(reading);
      }),
    hearOfFeeds: null,
    // The log has the bytes of rows that are deleted since. Where a process still reads it, it goes at another time.
    scrub: () => inTurn(async () => void writer.pragma('wal_checkpoint(truncate)')),
    isOutage,
    close: () =>
      inTurn(async () => {
        close();
        await log.close();
      }),
  };
}

const logNameOf = (name: string): string => `${name}-wal`;

type Log = { sync(): Promise<void>; close(): Promise<void> };

/** The write-ahead log beside a database: it has what was committed, until a checkpoint takes that over. */
function logOf(name: string, dataSync: DataSync): Log {
  let opening: Promise<FileHandle> | undefined;
  return {
    // In the thread pool: for as long as the disk takes, requests are answered and others commit.
    async sync() {
      opening ??= open(logNameOf(name), 'r+');
      await dataSync(await opening);
    },
    close: async () => (await opening)?.close(),
  };
}

/** Makes the file and its folder where they are not there, for the owner alone. */
async function createFile(name: string): Promise<void> {
  await mkdir(path.dirname(name), { recursive: true, mode: 0o700 });
  try {
    const created = await open(name, 'wx', 0o600);
    await created.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Looked at but not opened: to close it again would drop the locks that SQLite holds on it.
    if (!(await stat(name)).isFile()) throw new Error('it is not a file');
    await access(name, constants.R_OK | constants.W_OK);
  }
}

export function checkIdentity(handle: Sqlite.Database): void {
  const { id, tables } = handle
    .prepare<[], { id: number; tables: number }>(
      `select application_id as id, (select count(*) from sqlite_schema) as tables
       from pragma_application_id`,
    )
    .get() ?? { id: 0, tables: 0 };
  const isEmpty = id === 0 && tables === 0;
  if (id !== APPLICATION_ID && !isEmpty) {
    throw new Error('it is the database of another application');
  }
}

/** Applies the settings, and reads each back: SQLite answers with the old value where it cannot obey. */
export function applySettings(handle: Sqlite.Database): void {
  for (const [setting, wanted] of Object.entries(SETTINGS)) {
    handle.pragma(`${setting} = ${wanted}`);
    const actual = handle.pragma(setting, { simple: true });
    if (actual !== wanted) {
      throw new Error(`SQLite keeps ${setting} at ${actual}, and ${wanted} is needed`);
    }
  }
}

/** SQLite knows no locks of rows, and needs none: a writer has the whole file. */
class LocklessCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(): void {}
}

/** The SQL of SQLite. */
export const sqliteGrammar: Grammar = {
  builder: new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new LocklessCompiler(),
    },
  }),
  isAsked: (column, asked) => sql`${column} = ${asText(asked)}`,
  boundsRowsByExpressions: false,
  turn: null,
};

function connectionOn(handle: Sqlite.Database, memory: ReadMemory | null): Connection {
  const known = new Map<string, Sqlite.Statement>();
  const preparedOf = ({ sql, name }: Statement): Sqlite.Statement => {
    if (name === undefined) return handle.prepare(sql);
    const statement = known.get(name) ?? handle.prepare(sql);
    if (!known.has(name)) known.set(name, statement);
    return statement;
  };
  function rows<Row, Answer>(
    statement: Statement,
    values: readonly Value[],
    as?: (row: Row) => Answer,
  ): Answer[] {
    const read = () => {
      const rows = preparedOf(statement).all(...values) as Row[];
      return as ? rows.map((row) => as(row)) : (rows as unknown as Answer[]);
    };
    if (memory === null || statement.name === undefined) return read();
    return memory.recall(statement.name, keyOf(values), read);
  }
  return {
    ...sqliteGrammar,
    async find<Row extends FoundBy, Answer>({ statement, as }: Lookup<Row, Answer>, text: string) {
      const [first = null] = rows<Row, Answer>(statement, [text], as);
      return first;
    },
    rows,
    changes: (statement, values) => preparedOf(statement).run(...values).changes,
    run: (statement, values) => void preparedOf(statement).run(...values),
  };
}

/** The values of a query as one, octets as text: JSON spells each octet, which takes longer than many a query. */
function keyOf(values: readonly Value[]): unknown {
  const plain = values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : value));
  return plain.length === 1 ? plain[0] : JSON.stringify(plain);
}

/** Tries again until `deadline` while another process is in the way, and lets others run in between. */
async function patiently<T>(deadline: number, attempt: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
      // At odd times, so that two processes do not meet again and again.
      await setTimeout(5 + Math.random() * 20);
    }
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(error.code);

/** Whether the process that wrote last died over it, before the file was in WAL mode: its rollback journal is still there. */
const isHalfWritten = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && error.code === 'SQLITE_READONLY_ROLLBACK';

/** A full or failing disk, besides. A write through the reader is plain SQLITE_READONLY: that is a bug. */
const isOutage = (error: unknown): boolean =>
  isBusy(error) ||
  (error instanceof Sqlite.SqliteError &&
    /^SQLITE_(FULL|IOERR|CANTOPEN|NOMEM|READONLY_)/.test(error.code));
