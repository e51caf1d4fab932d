import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { Grammar } from '../src/dialects/dialect.ts';
import { postgresGrammar } from '../src/dialects/postgres.ts';
import { sqliteGrammar } from '../src/dialects/sqlite.ts';
import { entriesIn } from '../src/stores/audit.ts';
import { plain, type ReadRow } from '../src/stores/audit-rows.ts';

type Row = Record<string, unknown>;

/** A database behind Rekey's back, as somebody with a copy of it, or with a shell on its server, has it. */
export type Behind = {
  /** Every row of every table, or of those whose name is not like this, as of one moment; entries of the audit in plain. */
  tables(except?: RegExp): Promise<Record<string, Row[]>>;
  run(statement: string): Promise<void>;
  close(): Promise<void>;
};

export async function behind(url: string): Promise<Behind> {
  const [, file] = /^sqlite:(.+)$/.exec(url) ?? [];
  if (file === undefined) return behindPostgres(url);
  // Patient: the server writes to the file at the same time.
  const handle = new Sqlite(file, { timeout: 5000 });
  const all = async (query: string) => handle.prepare<[], Row>(query).all();
  return {
    async tables(except) {
      handle.exec('begin');
      const names = `select name from sqlite_master where type = 'table'`;
      const tables = await readAll(sqliteGrammar, all, names, except);
      handle.exec('commit');
      return tables;
    },
    async run(statement) {
      handle.exec(statement);
      // A commit by others shows in the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    },
    close: async () => void handle.close(),
  };
}

async function behindPostgres(url: string): Promise<Behind> {
  const client = new pg.Client(url);
  await client.connect();
  const all = async (query: string) => (await client.query<Row>(query)).rows;
  return {
    async tables(except) {
      await client.query('begin isolation level repeatable read read only');
      const names = `select table_name as name from information_schema.tables where table_schema = 'public'`;
      const tables = await readAll(postgresGrammar, all, names, except);
      await client.query('commit');
      return tables;
    },
    run: async (statement) => void (await client.query(statement)),
    close: () => client.end(),
  };
}

async function readAll(
  { builder }: Grammar,
  all: (query: string) => Promise<Row[]>,
  names: string,
  except?: RegExp,
) {
  const tables: Record<string, Row[]> = {};
  for (const { name } of await all(names)) {
    if (except?.test(String(name))) continue;
    tables[String(name)] =
      name === 'audit_entries'
        ? (await all(entriesIn(builder).compile().sql)).map(plainly)
        : await all(`select * from "${name}"`);
  }
  return tables;
}

/** Without a parser of its own the driver answers large numbers as texts. */
const plainly = (row: Row): Row => {
  const { created_at, sequence, count } = row;
  const numbers = {
    created_at: Number(created_at),
    sequence: Number(sequence),
    count: count === null ? null : Number(count),
  };
  return plain({ ...row, ...numbers } as ReadRow);
};
