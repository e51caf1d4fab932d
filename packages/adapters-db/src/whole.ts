import { folded, type Id, type KeyType } from '@rekey/domain';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { parseDatabaseUrl } from './database-url.ts';
import type { Connection, Grammar, Statement, Value } from './dialects/dialect.ts';
import { postgresGrammar, settingsOf } from './dialects/postgres.ts';
import { checkIdentity, sqliteGrammar } from './dialects/sqlite.ts';
import { migrations } from './migrations/index.ts';
import { openDialect } from './open.ts';
import type { Schema } from './schema.ts';
import { entriesOfChain, insertPlain } from './stores/audit.ts';
import { PLAIN_COLUMNS, type PlainRow, plain, type ReadRow } from './stores/audit-rows.ts';
import { showAll } from './stores/imports.ts';
import { ALL } from './stores/user-rows.ts';
import { insertVisible, keyOf } from './stores/visible-users.ts';

type Table = keyof Schema;
type Row = Readonly<Record<string, unknown>>;

/** A row under the name of its table. */
export type WholeRow = { readonly table: string; readonly row: Row };

/**
 * The order of the rows of each table in an export, by columns of text unless they are numbers; null for what stays behind:
 * sessions and what belongs to requests, what follows from other rows, and what is about this database alone. Tables come
 * after those that their rows refer to.
 */
const ORDERS: { readonly [T in Table]: readonly (keyof Schema[T] & string)[] | null } = {
  services: ['id'],
  users: ['id'],
  past_passwords: ['user_id', 'hash'],
  user_attributes: ['user_id', 'service_id'],
  keys: ['id'],
  totp_seeds: ['id'],
  recovery_codes: ['user_id', 'digest'],
  passkeys: ['id'],
  provider_links: ['id'],
  one_time_tokens: ['id'],
  deliveries: ['id'],
  throttles: ['key'],
  audit_chains: ['chain'],
  audit_entries: ['place'],
  audit_sums: ['ends_at', 'chain', 'type', 'network'],
  events: ['service_id', 'sequence'],
  feeds: ['service_id'],
  pending: ['position'],
  webhooks: ['id'],
  webhook_deliveries: ['webhook_id', 'event_id'],
  audit_names: null,
  visible_users: null,
  sessions: null,
  refresh_tokens: null,
  passkey_challenges: null,
  csrf_tokens: null,
  challenges: null,
  provider_states: null,
  kept_answers: null,
  imports: null,
  rekey_migrations: null,
};

const NUMBERS: ReadonlySet<string> = new Set(['place', 'sequence', 'ends_at', 'position']);

/** What the other database gives anew. */
const GIVEN: { readonly [T in Table]?: string } = { pending: 'position', audit_chains: 'number' };

/** The tables of an export, in the order in which they are written and read. */
export const exportedTables = (Object.keys(ORDERS) as Table[]).filter(
  (table) => ORDERS[table] !== null,
);

/** The version of the schema that the rows of an export are of. */
export const schemaOfExport = migrations.length;

/** Queries for the rows of a table, one after the other. `read` answers all rows of a query. */
async function queriesOf(
  table: Table,
  { grammar, collate }: { readonly grammar: Grammar; readonly collate: string },
  read: (query: string) => Row[] | Promise<Row[]>,
): Promise<string[]> {
  if (table === 'audit_entries') {
    const chains = await read(`select number from audit_chains order by chain${collate}`);
    return chains.map(({ number }) => entriesOfChain(grammar.builder, Number(number)));
  }
  const order = (ORDERS[table] ?? []).map((name) =>
    NUMBERS.has(name) ? `"${name}"` : `"${name}"${collate}`,
  );
  return [`select * from ${table} order by ${order.join(', ')}`];
}

/** The row of an export. */
function exported(table: Table, row: Row): Row {
  if (table === 'audit_entries') return plain(row as ReadRow);
  const given = GIVEN[table];
  return given === undefined ? row : without(given, row);
}

/** Reads all of a database as it is at one moment, table by table, however long that takes. */
export async function* exportRows(url: string): AsyncGenerator<WholeRow> {
  for await (const { table, row } of readRows(url)) yield { table, row: exported(table, row) };
}

const without = (name: string, row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([each]) => each !== name));

async function* readRows(url: string): AsyncGenerator<Known> {
  const place = parseDatabaseUrl(url);
  if (place.kind === 'sqlite') {
    const handle = new Sqlite(place.file, { readonly: true, fileMustExist: true });
    try {
      checkIdentity(handle);
      handle.exec('begin');
      for (const table of exportedTables) {
        const read = (query: string) => handle.prepare<[], Row>(query).all();
        for (const query of await queriesOf(table, { grammar: sqliteGrammar, collate: '' }, read)) {
          const rows = handle.prepare(query).iterate();
          for (const row of rows) yield { table, row: row as Row };
        }
      }
    } finally {
      handle.close();
    }
    return;
  }
  const client = new pg.Client({
    ...settingsOf(place),
    application_name: 'rekey export',
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format ?? 'text'),
    },
  });
  // A connection that breaks fails the query that runs; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read, read only');
    await client.query('set local statement_timeout = 0');
    await client.query('set local idle_in_transaction_session_timeout = 0');
    for (const table of exportedTables) {
      const spoken = { grammar: postgresGrammar, collate: ' collate "C"' };
      const read = async (query: string) => (await client.query<Row>(query)).rows;
      for (const query of await queriesOf(table, spoken, read)) {
        await client.query(`declare rows no scroll cursor for ${query}`);
        for (;;) {
          const { rows } = await client.query<Row>(`fetch ${FETCHED} from rows`);
          for (const row of rows) yield { table, row };
          if (rows.length < FETCHED) break;
        }
        await client.query('close rows');
      }
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

const FETCHED = 500;
/** Rows of a statement. */
const SIZES = [50, 1] as const;

/** There is something in the database that an import of everything would lose. */
export class NotEmpty extends Error {
  override readonly name = 'NotEmpty';
}

/**
 * Puts all rows of an export into a database that has nothing but what a start makes, in one transaction. Throws
 * `NotEmpty`, and anything that is wrong with the rows: then nothing was changed. Answers how many rows each table got.
 */
export async function importRows(
  url: string,
  rows: AsyncIterable<WholeRow>,
): Promise<ReadonlyMap<string, number>> {
  const dialect = await openDialect({ url, isBulk: true });
  try {
    return await dialect.transactAlone(async (on) => {
      await checkEmpty(on);
      for (const table of (Object.keys(ORDERS) as Table[]).toReversed()) {
        if (table !== 'rekey_migrations') await on.changes({ sql: `delete from ${table}` }, []);
      }
      const counts = new Map<string, number>(exportedTables.map((table) => [table, 0]));
      const insert = inserterOn(on);
      for await (const piece of piecesOf(rows)) {
        const [{ table }] = piece;
        await insert(
          table,
          piece.map(({ row }) => row),
        );
        await show(on, piece);
        counts.set(table, (counts.get(table) ?? 0) + piece.length);
      }
      return counts;
    });
  } finally {
    await dialect.close();
  }
}

async function checkEmpty(on: Connection): Promise<void> {
  const count = async (sql: string) => {
    const [row] = await on.rows<{ n: number }>({ sql }, []);
    return Number(row?.n ?? 0);
  };
  const found = {
    users: await count('select count(*) as n from users'),
    keys: await count('select count(*) as n from keys'),
    services: (await count('select count(*) as n from services')) - 1,
  };
  const there = Object.entries(found).filter(([, number]) => number > 0);
  if (there.length === 0) return;
  const what = there.map(([name, number]) => `${number} ${name}`).join(', ');
  throw new NotEmpty(`the database is not empty: it has ${what}. Make a new one with: rekey init`);
}

type Piece = readonly [Known, ...Known[]];
type Known = { readonly table: Table; readonly row: Row };

/** Rows of one table with the same columns, so many at a time. */
async function* piecesOf(rows: AsyncIterable<WholeRow>): AsyncGenerator<Piece> {
  let piece: Known[] = [];
  const take = (): Piece[] => {
    const [first, ...others] = piece;
    piece = [];
    return first ? [[first, ...others]] : [];
  };
  for await (const { table, row } of rows) {
    if (!isExported(table)) throw new Error(`${table} is no table of this Rekey`);
    if (piece.length === SIZES[0] || (piece[0] && piece[0].table !== table)) yield* take();
    piece.push({ table, row });
  }
  yield* take();
}

const isExported = (table: string): table is Table =>
  (exportedTables as readonly string[]).includes(table);

/** Runs statements that are built once for each table and number of rows. */
function inserterOn(on: Connection) {
  const built = new Map<string, Statement>();
  const statementFor = (table: Table, columns: readonly string[], size: number): Statement => {
    const key = `${table} ${size} ${columns.join(' ')}`;
    const known = built.get(key);
    if (known) return known;
    const blank = Object.fromEntries(columns.map((name) => [name, null]));
    const { sql } = on.builder
      .insertInto(table)
      .values(Array.from({ length: size }, () => blank) as never)
      .compile();
    const statement = { sql, name: `rekey-whole-${built.size}` };
    built.set(key, statement);
    return statement;
  };
  let chains = 0;
  return async (table: Table, given: readonly Row[]): Promise<void> => {
    const rows: readonly Row[] =
      table === 'audit_chains'
        ? given.map((row) => {
            chains += 1;
            return { ...row, number: chains };
          })
        : given;
    const [first = {}] = rows;
    const columns = Object.keys(first);
    const isAlike = rows.every((row) => columns.join() === Object.keys(row).join());
    if (!isAlike || !columns.every((name) => /^[a-z\d_]{1,40}$/.test(name))) {
      throw new Error(`a row of ${table} has other columns than the others`);
    }
    if (table === 'audit_entries') {
      if (columns.toSorted().join() !== PLAIN_COLUMNS.toSorted().join()) {
        throw new Error('a row of audit_entries has other columns than an entry');
      }
      return insertPlain(on, rows as PlainRow[]);
    }
    const size = rows.length === SIZES[0] ? SIZES[0] : SIZES[1];
    for (let at = 0; at < rows.length; at += size) {
      const values = rows.slice(at, at + size).flatMap((row) => columns.map((name) => row[name]));
      await on.changes(statementFor(table, columns, size), values as Value[]);
    }
  };
}

/** Adds what services see, which follows from users and keys. */
async function show(on: Connection, piece: Piece): Promise<void> {
  const [{ table }] = piece;
  if (table === 'users') {
    const rows = piece.flatMap(({ row }) => {
      const { id, is_enabled, name, email, created_by } = row as unknown as Schema['users'] & {
        is_enabled: 0 | 1;
      };
      const seen = {
        userId: id,
        isEnabled: is_enabled === 1,
        nameKey: keyOf(folded(name)),
        emailKey: keyOf(folded(email)),
      };
      const viewers: string[] = created_by === null ? [ALL] : [ALL, created_by];
      return viewers.map((serviceId) => ({ serviceId, ...seen }));
    });
    for (const row of rows) await insertVisible(on)([row]);
  }
  if (table !== 'keys') return;
  for (const { row } of piece) {
    const { id, user_id, type } = row as { id: Id; user_id: Id | null; type: KeyType };
    if (user_id !== null && type !== 'TOTP') await showAll(on)([id]);
  }
}
