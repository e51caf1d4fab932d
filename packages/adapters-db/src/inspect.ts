import { open, stat } from 'node:fs/promises';
import { BlockList, isIP, isIPv6, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { type PostgresPlace, parseDatabaseUrl } from './database-url.ts';
import { checkEncoding, explained, settingsOf } from './dialects/postgres.ts';
import { checkIdentity } from './dialects/sqlite.ts';
import { migrations } from './migrations/index.ts';

/** A database, looked at from outside. */
export type Inspection = {
  /** `SQLite 3.51.0`, `PostgreSQL 18.1` */
  readonly product: string;
  /** Where it is, without a password. */
  readonly place: string;
  /** What is between us and it, and whether strangers could read along unasked; null for a file. */
  readonly connection: { readonly encryption: string; readonly isExposed: boolean } | null;
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
export async function inspectDatabase(url: string): Promise<Inspection | null> {
  const place = parseDatabaseUrl(url);
  return place.kind === 'sqlite' ? inspectSqlite(place.file) : inspectPostgres(place);
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
      connection: null,
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

async function inspectPostgres(place: PostgresPlace): Promise<Inspection> {
  const client = new pg.Client({
    ...settingsOf(place),
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'rekey doctor',
  });
  client.on('error', () => undefined);
  try {
    await client.connect().catch(explained);
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
    checkEncoding(await setting('server_encoding'));
    return {
      product: `PostgreSQL ${await setting('server_version')}`,
      place: placeOf(client),
      connection: connectionOf(client, place),
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

/** As the driver took it from the URL and the environment. */
const placeOf = ({ host, port, database }: pg.Client): string => {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}, ${database}`;
  return `${isIPv6(host) ? `[${host}]` : host}:${port}/${database}`;
};

function connectionOf(client: pg.Client, { isTlsUnsaid }: PostgresPlace): Inspection['connection'] {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  if (stream instanceof TLSSocket) {
    const unchecked = stream.authorized ? '' : ', and the certificate of the server is not checked';
    return { encryption: `${stream.getProtocol()}${unchecked}`, isExposed: unchecked !== '' };
  }
  if (staysHere(client.host)) return { encryption: 'on this machine', isExposed: false };
  return isTlsUnsaid
    ? { encryption: 'clear text: write sslmode=verify-full, or disable', isExposed: true }
    : { encryption: 'clear text: sslmode=disable', isExposed: false };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether a host is a socket of this machine, or its loopback address. */
const staysHere = (host: string): boolean =>
  host.startsWith('/') ||
  host === 'localhost' ||
  (isIP(host) > 0 && loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'));
