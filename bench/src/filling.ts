import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { openKeyFile } from '@rekey/adapters-crypto';
import { openDatabase } from '@rekey/adapters-db';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { aFolder } from './processes.ts';

/** Where Rekey says that it is, to whoever reads its tokens. */
export const ISSUER = 'http://rekey.bench';

/** A database with tables and nothing in them, the keys to it, and all that it takes to run Rekey on it. */
export async function prepare(url: string | null, cost: number, folder = aFolder()) {
  mkdirSync(folder, { recursive: true });
  const databaseUrl = url ?? `sqlite:${folder}/rekey.db`;
  const keysFile = path.join(folder, 'keys.json');
  const keys = await openKeyFile(keysFile, { mayCreate: true });
  const opened = await openDatabase({ url: databaseUrl });
  await opened.migrate();
  await opened.close();
  const env: Record<string, string> = {
    DATABASE_URL: databaseUrl,
    KEYS_FILE: keysFile,
    PUBLIC_URL: ISSUER,
    BCRYPT_COST: String(cost),
    MAIL_DIR: path.join(folder, 'mail'),
    // Each login comes from an address of its own, as logins do; nobody is throttled here.
    TRUST_PROXY: '127.0.0.1',
    THROTTLE_ACCOUNT_FREE: '1000000',
    THROTTLE_CLIENT_PER_MINUTE: '1000000',
    THROTTLE_CHANGES_PER_HOUR: '1000000',
  };
  return { databaseUrl, folder, keys, env };
}

type Kind = keyof typeof prefixes;
const prefixes = {
  service: '01900000-0000-7000-8000-',
  user: '01900000-0000-7000-8001-',
  token: '01900000-0000-7000-8002-',
  session: '01900000-0000-7000-8003-',
  right: '01900000-0000-7000-8004-',
  key: '01900000-0000-7000-8005-',
  audit: '01900000-0000-7000-8006-',
  delivery: '01900000-0000-7000-8007-',
};

/** The id of the nth of its kind. */
export const id = (kind: Kind, n: number): string =>
  prefixes[kind] + n.toString(16).padStart(12, '0');

/** How a value is kept that only its holder knows. */
export const digest = (value: string): string =>
  createHash('sha256').update(value).digest('base64url');

/** SQL that makes many rows at once, each with its number as `i`, in the words of one database. */
export function wordsOf(databaseUrl: string) {
  const isSqlite = databaseUrl.startsWith('sqlite:');
  const hex = (of: string) =>
    isSqlite ? `printf('%012x', ${of})` : `lpad(to_hex(${of}), 12, '0')`;
  return {
    each: (count: number) =>
      isSqlite
        ? `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n) n`
        : `generate_series(1, ${count}) n(i)`,
    idOf: (kind: Kind, of = 'i') => `'${prefixes[kind]}' || ${hex(of)}`,
    /** The octets of an id, and ones that are written down. */
    packed: (id: string) =>
      isSqlite ? `unhex(replace(${id}, '-', ''))` : `decode(replace(${id}, '-', ''), 'hex')`,
    literal: (octets: Buffer) =>
      isSqlite ? `x'${octets.toString('hex')}'` : `'\\x${octets.toString('hex')}'::bytea`,
    /** The octets of a folded text, of one that is ASCII. */
    octets: (text: string) =>
      isSqlite ? `cast(lower(${text}) as blob)` : `convert_to(lower(${text}), 'UTF8')`,
  };
}

export async function run(databaseUrl: string, statements: Iterable<string>): Promise<void> {
  const on = await openBehind(databaseUrl);
  for (const statement of statements) await on.run(statement);
  await on.close();
}

/** Writes many rows, and their indexes at the end: one by one these would take hours. */
export async function load(databaseUrl: string, statements: Iterable<string>): Promise<void> {
  const on = await openBehind(databaseUrl);
  for (const statement of on.hasty) await on.run(statement);
  const indexes = await on.rows<{ name: string; sql: string }>(on.indexes);
  for (const { name } of indexes) await on.run(`drop index ${name}`);
  for (const statement of statements) await on.run(statement);
  for (const { sql } of indexes) await on.run(sql);
  for (const statement of on.settled) await on.run(statement);
  await on.close();
}

/** A connection behind Rekey's back. */
export async function openBehind(databaseUrl: string) {
  if (databaseUrl.startsWith('sqlite:')) {
    const database = new Sqlite(databaseUrl.slice('sqlite:'.length));
    let touches = 0;
    return {
      run: async (statement: string) => void database.exec(statement),
      rows: async <Row>(query: string) => database.prepare(query).all() as Row[],
      /** Commits something, so that a server forgets the answers to what it read before. */
      touch: async () => {
        touches += 1;
        database.pragma(`user_version = ${touches}`);
      },
      close: async () => void database.close(),
      hasty: [
        'pragma journal_mode = memory',
        'pragma synchronous = off',
        'pragma cache_size = -1000000',
        'pragma threads = 2',
        'begin',
      ],
      indexes: `select name, sql from sqlite_schema where type = 'index' and sql is not null`,
      // Not analyzed: Rekey does not do that either.
      settled: ['commit', 'pragma journal_mode = wal'],
    };
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return {
    run: async (statement: string) => void (await client.query(statement)),
    rows: async <Row>(query: string) => (await client.query(query)).rows as Row[],
    // No answers are kept there.
    touch: async () => undefined,
    close: () => client.end(),
    hasty: ['set synchronous_commit = off', `set maintenance_work_mem = '1GB'`],
    // But for those that a constraint is kept by.
    indexes: `select indexname as name, indexdef as sql from pg_indexes
      where schemaname = 'public' and indexname not in (select conname from pg_constraint)`,
    settled: ['vacuum analyze', 'checkpoint'],
  };
}
