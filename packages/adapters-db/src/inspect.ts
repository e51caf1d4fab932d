import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { checkIdentity } from './dialects/sqlite.ts';
import { migrations } from './migrations/index.ts';

/** A database, looked at from outside. */
export type Inspection = {
  /** `SQLite 3.51.0`, `PostgreSQL 18.1` */
  readonly product: string;
  /** Where it is, without a password. */
  readonly place: string;
  /** The settings that decide whether what was committed survives a crash. */
  readonly durability: string;
  readonly isDurable: boolean;
  /** How many migrations it has seen, and how many there are. */
  readonly schema: { readonly version: number; readonly latest: number };
  readonly hasUsers: boolean;
  /** How far its clock is ahead of ours; null where it has none of its own. */
  readonly clockOffsetMs: number | null;
};

const PATIENCE_MS = 3000;

/** Looks at the database, and makes and changes nothing. Null for a file that is not there yet. */
export function inspectDatabase(url: string): Promise<Inspection | null> {
  return url.startsWith('sqlite:')
    ? inspectSqlite(path.resolve(url.slice('sqlite:'.length)))
    : inspectPostgres(url);
}

async function inspectSqlite(file: string): Promise<Inspection | null> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return null;
  if (!found.isFile()) throw new Error(`${file} is not a file`);
  const refusal = await trySync(file);
  const handle = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: PATIENCE_MS });
  try {
    checkIdentity(handle);
    const one = (query: string) => handle.prepare(query).pluck().get();
    const isMigrated = one(`select count(*) from sqlite_schema where name = 'rekey_migrations'`);
    const version = isMigrated ? Number(one('select max(version) from rekey_migrations')) : 0;
    return {
      product: `SQLite ${one('select sqlite_version()')}`,
      place: file,
      durability: refusal === null ? 'fdatasync' : `fdatasync is refused (${refusal})`,
      isDurable: refusal === null,
      schema: { version, latest: migrations.length },
      hasUsers: version > 0 && one('select exists (select 1 from users)') === 1,
      clockOffsetMs: null,
    };
  } finally {
    handle.close();
  }
}

/** The reason why writes to a file cannot be put on the disk; null where they can. */
async function trySync(file: string): Promise<string | null> {
  try {
    await using opened = await open(file, 'r+');
    await opened.datasync();
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function inspectPostgres(url: string): Promise<Inspection> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'rekey doctor',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const one = async (query: string): Promise<unknown> => {
      const { rows } = await client.query({ text: query, rowMode: 'array' });
      return rows[0]?.[0];
    };
    const setting = (name: string) => one(`show ${name}`);
    const isMigrated = (await one(`select to_regclass('rekey_migrations')`)) !== null;
    const version = isMigrated ? Number(await one('select max(version) from rekey_migrations')) : 0;
    const [commit, fsync] = [await setting('synchronous_commit'), await setting('fsync')];
    const before = Date.now();
    const theirs = Number(await one('select extract(epoch from clock_timestamp()) * 1000'));
    // The answer was given somewhere between the question and its arrival.
    const clockOffsetMs = Math.round(theirs - (before + Date.now()) / 2);
    const { hostname, port, pathname } = new URL(url);
    return {
      product: `PostgreSQL ${await setting('server_version')}`,
      place: `${hostname}:${port || 5432}${pathname}`,
      durability: `synchronous_commit=${commit}, fsync=${fsync}`,
      isDurable: commit !== 'off' && fsync === 'on',
      schema: { version, latest: migrations.length },
      hasUsers: version > 0 && (await one('select exists (select 1 from users)')) === true,
      clockOffsetMs,
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}
