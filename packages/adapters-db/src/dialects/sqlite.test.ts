import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Unavailable } from '@rekey/domain';
import type { OnDisk } from '@rekey/usecases';
import { aService, aUser, START, skips } from '@rekey/usecases/testing';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { everyQuery, walking } from '../../test/queries.ts';
import { type OpenedDatabase, openDatabase } from '../index.ts';
import { migrate, migrations, schemaVersion } from '../migrations/index.ts';
import { databaseOn } from '../transact.ts';
import { applySettings, openSqlite, sqliteGrammar } from './sqlite.ts';

let folder: string;
let file: string;
let closers: (() => unknown)[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  file = path.join(folder, 'rekey.db');
  closers = [];
});
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  await rm(folder, { recursive: true });
});

async function open(): Promise<OpenedDatabase> {
  const opened = await openDatabase({ url: `sqlite:${file}` });
  closers.push(() => opened.close());
  return opened;
}

async function openMigrated(): Promise<OpenedDatabase> {
  const opened = await open();
  await opened.migrate();
  return opened;
}

/** Straight to the file, past Rekey: somebody else's program. */
function openRaw(name = file): Sqlite.Database {
  const handle = new Sqlite(name, { timeout: 0 });
  closers.push(() => handle.close());
  return handle;
}

const mode = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);

describe('rows that are deleted', () => {
  const MARKER = 'Zaphod Beeblebrox';
  const filesWith = async (text: string) => {
    const names = await readdir(folder);
    const found = await Promise.all(
      names.map(async (name) => (await readFile(path.join(folder, name))).includes(text)),
    );
    return names.filter((_, n) => found[n]);
  };

  test('are in no file any more once what was deleted is scrubbed', async () => {
    const { database, scrub } = await openMigrated();
    const user = aUser({ name: MARKER, createdBy: null });
    await database.transact(({ users }) => users.insert(user, null));
    expect(await filesWith(MARKER)).toEqual(['rekey.db-wal']);
    await scrub();
    expect(await filesWith(MARKER)).toEqual(['rekey.db']);
    await database.transact(({ users }) => users.delete(user.id, START, START));
    expect(await filesWith(MARKER)).not.toEqual([]);
    await scrub();
    expect(await filesWith(MARKER)).toEqual([]);
    // What is written next is kept as ever.
    const next = aUser({ createdBy: null });
    await database.transact(({ users }) => users.insert(next, null));
    expect(await database.read(({ users }) => users.get(next.id))).toEqual(next);
  });

  test('stay in the log while somebody else reads it, and nobody waits for that', async () => {
    const { database, scrub } = await openMigrated();
    const user = aUser({ name: MARKER, createdBy: null });
    await database.transact(({ users }) => users.insert(user, null));
    const other = openRaw();
    other.exec('begin');
    other.prepare('select count(*) from users').get();
    await database.transact(({ users }) => users.delete(user.id, START, START));
    await scrub();
    expect(await filesWith(MARKER)).not.toEqual([]);
    other.exec('commit');
    await scrub();
    expect(await filesWith(MARKER)).toEqual([]);
  });
});

describe('a file that is not there', () => {
  test('is made for its owner alone, with its folders', async () => {
    file = path.join(folder, 'new', 'deep', 'rekey.db');
    await openMigrated();
    expect(await mode(path.join(folder, 'new'))).toBe('700');
    expect(await mode(path.join(folder, 'new', 'deep'))).toBe('700');
    for (const name of await readdir(path.dirname(file))) {
      expect(`${name} ${await mode(path.join(path.dirname(file), name))}`).toBe(`${name} 600`);
    }
  });

  test('leaves the mode of a folder that is there alone', async () => {
    await chmod(folder, 0o755);
    await open();
    expect(await mode(folder)).toBe('755');
  });
});

describe('a file that is not Rekey’s', () => {
  const garbage = Buffer.alloc(5000, 'no database');
  test.each([
    ['text', Buffer.from('hello')],
    ['something large', garbage],
    ['a header and nothing behind it', Buffer.from('SQLite format 3\0')],
  ])('is refused and stays as it is: %s', async (_kind, bytes) => {
    await writeFile(file, bytes);
    await expect(open()).rejects.toThrow(/rekey\.db cannot be used: file is not a database/);
    expect(await readFile(file)).toEqual(bytes);
    expect(await readdir(folder)).toEqual(['rekey.db']);
  });

  test.each([['delete'], ['wal']])(
    'is refused and stays as it is: a database of another application in mode %s',
    async (journal) => {
      const other = new Sqlite(file);
      other.pragma(`journal_mode = ${journal}`);
      other.exec('create table users (id integer primary key)');
      other.close();
      const before = await readFile(file);
      await expect(open()).rejects.toThrow('it is the database of another application');
      expect(await readFile(file)).toEqual(before);
    },
  );

  test('is refused: an empty database that another application has marked', async () => {
    const other = openRaw();
    other.pragma('application_id = 42');
    await expect(open()).rejects.toThrow('it is the database of another application');
  });

  test('is refused: a folder', async () => {
    await mkdir(file);
    await expect(open()).rejects.toThrow(/rekey\.db cannot be used: it is not a file/);
  });

  test.skipIf(skips(process.getuid?.() === 0, 'root may read every file'))(
    'is refused: one that may not be read',
    async () => {
      await writeFile(file, '', { mode: 0o200 });
      await expect(open()).rejects.toThrow(/rekey\.db cannot be used: EACCES/);
    },
  );

  test('is refused: a folder that is a file', async () => {
    await writeFile(file, 'in the way');
    file = path.join(file, 'rekey.db');
    await expect(open()).rejects.toThrow(/cannot be used: ENOTDIR|EEXIST/);
  });

  test('is refused by a migration: a newer schema', async () => {
    const opened = await openMigrated();
    openRaw()
      .prepare('insert into rekey_migrations (version, name) values (?, ?)')
      .run(migrations.length + 1, 'from the future');
    await expect(opened.migrate()).rejects.toThrow('run a newer Rekey');
  });
});

test.each(['mysql://localhost/x', 'sqlite:', 'rekey.db', ''])(
  'a URL that is none is refused: "%s"',
  async (url) => {
    await expect(openDatabase({ url })).rejects.toThrow('must be');
  },
);

describe('a file that a process left half written when it was killed', () => {
  /** The writes of such a process, as far as they had reached the disk: in the file, and in its rollback journal. */
  async function leaveHalfWritten(earlier = ''): Promise<void> {
    const original = path.join(folder, 'original.db');
    const doomed = new Sqlite(original);
    closers.push(() => doomed.close());
    doomed.exec(`${earlier}; pragma cache_size = 1; begin; create table half (written)`);
    doomed.exec('insert into half values (zeroblob(200000))');
    await copyFile(original, file);
    await copyFile(`${original}-journal`, `${file}-journal`);
  }

  test('is mended, and used', async () => {
    await leaveHalfWritten();
    const { database } = await openMigrated();
    expect(await database.read(({ services }) => services.ids())).toEqual([]);
  });

  test('is refused all the same where it is not Rekey’s', async () => {
    await leaveHalfWritten('create table theirs (secret)');
    await expect(open()).rejects.toThrow('it is the database of another application');
    const theirs = new Sqlite(file, { readonly: true });
    closers.push(() => theirs.close());
    expect(theirs.pragma('table_list')).toContainEqual(expect.objectContaining({ name: 'theirs' }));
  });
});

describe('the settings', () => {
  test('are read back', async () => {
    const handle = openRaw();
    expect(handle.pragma('foreign_keys = off')).toEqual([]);
    applySettings(handle);
    expect(handle.pragma('synchronous', { simple: true })).toBe(1);
    expect(handle.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(handle.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(handle.pragma('secure_delete', { simple: true })).toBe(1);
  });

  test('that SQLite does not accept are an error', () => {
    expect(() => applySettings(openRaw(':memory:'))).toThrow('SQLite keeps journal_mode at memory');
  });
});

describe('migrations', () => {
  test('run once', async () => {
    const opened = await open();
    expect(await opened.migrate()).toEqual(migrations.map(({ name }) => name));
    expect(await opened.migrate()).toEqual([]);
  });

  test('run once when many handles start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, open));
    const answers = await Promise.all(all.map((opened) => opened.migrate()));
    expect(answers.flat()).toEqual(migrations.map(({ name }) => name));
  });

  test('that fail leave nothing behind', async () => {
    const dialect = await openSqlite(file);
    closers.push(() => dialect.close());
    const broken = {
      name: 'broken',
      statements: ['create table half (id text)', 'create nonsense'],
    };
    await expect(migrate(dialect, [...migrations, broken])).rejects.toThrow(/syntax error/);
    const objects = openRaw().prepare('select name from sqlite_schema').all();
    expect(objects).toEqual([]);
    expect(openRaw().pragma('application_id', { simple: true })).toBe(0);
    expect(await migrate(dialect)).toEqual(migrations.map(({ name }) => name));
    expect(await dialect.read(schemaVersion)).toBe(migrations.length);
  });
});

describe('a file that others use too', () => {
  test('is written by several processes without an error, and nothing is lost', async () => {
    const { database } = await openMigrated();
    const processes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = fork(path.join(import.meta.dirname, '../../test/writer.ts'), [file]);
        closers.push(() => child.kill());
        return { child, ready: await message(child) };
      }),
    );
    const answers = processes.map(({ child }) => message(child));
    // All have the file open before any of them writes.
    for (const { child } of processes) child.send('go');
    const written = (await Promise.all(answers)).flat() as string[];
    expect(written).toHaveLength(3 * 50);
    for (const id of written) {
      expect(await database.read(({ services }) => services.get(id))).toMatchObject({ id });
    }
  });

  test('is read while a transaction is open, and shows it when it has committed', async () => {
    const { database } = await openMigrated();
    const service = aService();
    const written = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const writing = database.transact(async ({ services }) => {
      await services.insert(service);
      written.resolve();
      await looked.promise;
    });
    await written.promise;
    expect(await database.read(({ services }) => services.get(service.id))).toBeNull();
    looked.resolve();
    await writing;
    expect(await database.read(({ services }) => services.get(service.id))).toEqual(service);
  });

  test('makes a transaction wait for another process, and then run', async () => {
    const { database } = await openMigrated();
    const other = openRaw();
    other.exec('begin immediate');
    const service = aService();
    let isDone = false;
    const writing = database
      .transact(({ services }) => services.insert(service))
      .finally(() => {
        isDone = true;
      });
    // Reads go on meanwhile, and none of them sees what still waits.
    for (let i = 0; i < 20; i += 1) {
      expect(await database.read(({ services }) => services.get(service.id))).toBeNull();
    }
    expect(isDone).toBe(false);
    other.exec('commit');
    expect(await writing).toBe(true);
  });

  test('is unavailable when the other process does not let go', async () => {
    await openMigrated();
    const opened = await openDatabase({ url: `sqlite:${file}`, patienceMs: 0 });
    closers.push(() => opened.close());
    const other = openRaw();
    other.exec('begin immediate');
    const service = aService();
    const insert = () => opened.database.transact(({ services }) => services.insert(service));
    await expect(Promise.all([insert(), insert()])).rejects.toBeInstanceOf(Unavailable);
    other.exec('rollback');
    expect(await insert()).toBe(true);
  });
});

describe('a transaction', () => {
  /** A database whose log reaches the disk when a test says so, or never. */
  async function withSlowDisk() {
    const asked: PromiseWithResolvers<void>[] = [];
    const dataSync = () => {
      const sync = Promise.withResolvers<void>();
      asked.push(sync);
      return sync.promise;
    };
    const dialect = await openSqlite(file, 0, dataSync);
    closers.push(() => dialect.close());
    const migrating = migrate(dialect);
    await vi.waitUntil(() => asked.length === 1);
    asked[0]?.resolve();
    await migrating;
    const database = databaseOn(dialect);
    /** Adds a service, and notes when that is answered. */
    const answered: string[] = [];
    const add = (name: string, onDisk?: OnDisk) =>
      database
        .transact(({ services }) => services.insert(aService({ name })), onDisk)
        .then(() => answered.push(name));
    return { asked, add, answered };
  }
  const names = (handle: Sqlite.Database) =>
    handle.prepare('select name from services order by name').pluck().all();

  test('is answered when it is on the disk, and others go on until then', async () => {
    const { asked, add, answered } = await withSlowDisk();
    const first = add('first');
    await vi.waitUntil(() => asked.length === 2);
    // These two come too late for the first sync, and share the second.
    const others = [add('second'), add('third')];
    await vi.waitUntil(() => names(openRaw()).length === 3);
    expect(answered).toEqual([]);
    asked[1]?.resolve();
    await first;
    expect(answered).toEqual(['first']);
    await vi.waitUntil(() => asked.length === 3);
    asked[2]?.resolve();
    await Promise.all(others);
    expect(answered).toEqual(['first', 'second', 'third']);
    expect(asked).toHaveLength(3);
  });

  test('that the next one takes to the disk is answered at once, and seen by others', async () => {
    const { asked, add, answered } = await withSlowDisk();
    await add('first', 'with the next one');
    expect(answered).toEqual(['first']);
    expect(names(openRaw())).toEqual(['first']);
    const next = add('second');
    await vi.waitUntil(() => asked.length === 2);
    expect(answered).toEqual(['first']);
    asked[1]?.resolve();
    await next;
    expect(asked).toHaveLength(2);
  });

  test('that the log cannot keep is kept by the file of the database', async () => {
    const { asked, add } = await withSlowDisk();
    const adding = add('Shop');
    await vi.waitUntil(() => asked.length === 2);
    expect((await stat(`${file}-wal`)).size).toBeGreaterThan(0);
    asked[1]?.reject(new Error('EIO: i/o error, fdatasync'));
    await adding;
    expect((await stat(`${file}-wal`)).size).toBe(0);
    expect(names(openRaw())).toEqual(['Shop']);
  });

  test('that neither can keep is not answered as if it were', async () => {
    const { asked, add } = await withSlowDisk();
    // A reader of an older state keeps the log from being taken over.
    const reader = openRaw();
    reader.exec('begin');
    expect(names(reader)).toEqual([]);
    const adding = add('Shop');
    await vi.waitUntil(() => asked.length === 2);
    asked[1]?.reject(new Error('EIO: i/o error, fdatasync'));
    await expect(adding).rejects.toBeInstanceOf(Unavailable);
  });
});

describe('a disk that is full', () => {
  test('makes the database unavailable, with nothing half done, until there is room', async () => {
    const dialect = await openSqlite(file);
    closers.push(() => dialect.close());
    await migrate(dialect);
    const database = databaseOn(dialect);
    const service = aService();
    await database.transact(({ services }) => services.insert(service));
    // To SQLite, running out of the pages it may use is running out of disk; it keeps those it has.
    const limit = (pages: number) =>
      dialect.transact(async (on) => on.rows({ sql: `pragma max_page_count = ${pages}` }, []));
    await limit(1);

    const users = Array.from({ length: 200 }, () => aUser({ createdBy: service.id }));
    const filling = database.transact(async (stores) => {
      for (const user of users) await stores.users.insert(user, 'hash'.repeat(100));
    });
    await expect(filling).rejects.toBeInstanceOf(Unavailable);
    for (const { id } of users) {
      expect(await database.read((stores) => stores.users.get(id))).toBeNull();
    }
    await limit(1_000_000);
    expect(await database.transact((stores) => stores.users.insert(users[0]!, null))).toBe(true);
  });
});

test('what was read before shows what another process has changed since', async () => {
  const { database } = await openMigrated();
  const service = aService();
  await database.transact(({ services }) => services.insert(service));
  const nameNow = async () =>
    (await database.read(({ services }) => services.get(service.id)))?.name;
  expect([await nameNow(), await nameNow()]).toEqual([service.name, service.name]);
  openRaw().exec(`update services set name = 'renamed'`);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await nameNow()).toBe('renamed');
});

test('its size is that of its files, what is not in the database file yet included', async () => {
  const { database, size } = await openMigrated();
  const before = await size();
  const text = 'x'.repeat(100_000);
  await database.transact(({ services }) => services.insert(aService({ userEmailText: text })));
  expect(await size()).toBeGreaterThanOrEqual(before + text.length);
  const files = await Promise.all([stat(file), stat(`${file}-wal`)]);
  expect(await size()).toBe(files.reduce((sum, each) => sum + each.size, 0));
});

test('a write outside a transaction is an error, and not an outage', async () => {
  const { database } = await openMigrated();
  const writing = database.read(({ services }) => services.insert(aService()));
  await expect(writing).rejects.toThrow('attempt to write a readonly database');
});

test('nothing of a user who was deleted is left in the file', async () => {
  const { database, close } = await openMigrated();
  const marked = Array.from({ length: 50 }, (_, n) =>
    aUser({ createdBy: null, name: `Zaphod Beeblebrox ${n}`, email: `zaphod-${n}@example.com` }),
  );
  await database.transact(async ({ users }) => {
    for (const user of marked) await users.insert(user, 'hash of Zaphod');
  });
  await database.transact(async ({ users }) => {
    for (const { id } of marked) await users.delete(id, 0, 0);
  });
  // The write-ahead log goes with the last that has the file open.
  await close();
  expect((await readFile(file)).includes('aphod')).toBe(false);
});

test('a reference to nothing is refused', async () => {
  const { database } = await openMigrated();
  const orphan = aUser({ createdBy: aService().id });
  const writing = database.transact(({ users }) => users.insert(orphan, null));
  await expect(writing).rejects.toThrow('FOREIGN KEY');
});

describe('the queries of the stores', () => {
  /** How SQLite goes about each of them. */
  async function plans() {
    await openMigrated();
    const handle = openRaw();
    const queries = await everyQuery(sqliteGrammar);
    return queries.map(({ verb, sql, values }) => ({
      verb,
      sql,
      plan: handle
        .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
        .all(...values)
        .map(({ detail }) => detail),
    }));
  }

  // What shares a millisecond is sorted as it is read, and of the audit what shares twelve days: the last terms of an order.
  test('scan no table and sort nothing, but for those of an operator', async () => {
    for (const { verb, sql, plan } of await plans()) {
      if (walking.includes(verb)) continue;
      const walks = plan.filter((line) =>
        /SCAN (?!free|page|places|\d+-ROW VALUES|CONSTANT ROW)|TEMP B-TREE(?! FOR (?:LAST (?:2 )?TERMS?|RIGHT PART))/.test(
          line,
        ),
      );
      expect(walks, sql).toEqual([]);
    }
  });

  test('find the entries about a thing by that thing, and not by what they have in common with very many', async () => {
    const about = ['audit.amendments', 'audit.erased', 'audit.keys'];
    const found = (await plans()).filter(
      ({ verb, sql }) => about.includes(verb) && sql.includes('from "audit_entries"'),
    );
    for (const { sql, plan } of found) {
      expect(plan.join(), sql).toMatch(/INDEX audit_entries_of_subject \(subject=\?/);
    }
    expect(new Set(found.map(({ verb }) => verb)).size).toBe(about.length);
  });

  test('find the users that keys of an import show by these keys, and not among all users', async () => {
    const showing = (await plans()).filter(
      ({ verb, sql }) => verb === 'imports.insertKeys' && sql.includes('"visible_users"'),
    );
    expect(showing.length).toBeGreaterThan(0);
    for (const { plan } of showing)
      expect(plan[0]).toMatch(/^SEARCH keys USING INDEX \S+ \(id=\?\)/);
  });

  test('use every index that there is', async () => {
    const used = (await plans()).flatMap(({ plan }) =>
      plan.map((line) => /USING (?:COVERING )?INDEX (\w+)/.exec(line)?.[1]),
    );
    const indexes = openRaw()
      .prepare(`select name from sqlite_schema where type = 'index' and sql is not null`)
      .pluck()
      .all();
    expect(indexes.filter((name) => !used.includes(String(name)))).toEqual([]);
  });
});

async function message(child: ChildProcess): Promise<unknown> {
  const [answer] = await once(child, 'message');
  return answer;
}
