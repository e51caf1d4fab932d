import { expect, test, vi } from 'vitest';
import type { Connection, Value } from './dialects/dialect.ts';
import { postgresGrammar } from './dialects/postgres.ts';
import { sqliteGrammar } from './dialects/sqlite.ts';
import { all, counted, guarded, joined, one, type Param, write } from './query.ts';

/** Notes what is run, and answers these rows. */
function recording(grammar = sqliteGrammar, rows: object[] = []) {
  const ran: { sql: string; name: string | undefined; values: readonly Value[] }[] = [];
  const on: Connection = {
    ...grammar,
    find: async ({ statement, as }, text) => (await on.rows(statement, [text], as))[0] ?? null,
    rows: ({ sql, name }, values, as = (row) => row as never) => {
      ran.push({ sql, name, values });
      return rows.map((row) => as(row as never));
    },
    changes: ({ sql, name }, values) => {
      ran.push({ sql, name, values });
      return rows.length;
    },
    run: ({ sql, name }, values) => void ran.push({ sql, name, values }),
  };
  return { on, ran };
}

test('a query is built once in each SQL, and run with the values of each call', async () => {
  const build = vi.fn((db: Connection['builder'], id: Param<string>, name: Param<string>) =>
    db.selectFrom('users').select('id').where('name', '=', name).where('id', '=', id),
  );
  const query = all(build);
  const sqls: string[] = [];
  for (const grammar of [sqliteGrammar, postgresGrammar]) {
    for (const { on, ran } of [recording(grammar), recording(grammar)]) {
      await query(on)('1', 'Ada');
      await query(on)('2', 'Bob');
      expect(ran.map(({ values }) => values)).toEqual([
        ['Ada', '1'],
        ['Bob', '2'],
      ]);
      expect(ran[1]?.name).toBe(ran[0]?.name);
      sqls.push(ran[0]?.sql ?? '');
    }
  }
  expect(build).toHaveBeenCalledTimes(2);
  expect(sqls.map((sql) => sql.replace(/^.* where /, ''))).toEqual([
    '"name" = ? and "id" = ?',
    '"name" = ? and "id" = ?',
    '"name" = $1 and "id" = $2',
    '"name" = $1 and "id" = $2',
  ]);
});

test('no two statements have one name', async () => {
  const { on, ran } = recording();
  for (const table of ['users', 'keys'] as const) {
    await all((db) => db.selectFrom(table).select('id'))(on)();
  }
  expect(ran[0]?.name).not.toBe(ran[1]?.name);
});

test('a value may be bound more than once, among others that are the same each time', async () => {
  const query = write((db, name: Param<string>) =>
    db.updateTable('users').set({ name, credential_version: 7 }).where('name', '!=', name),
  );
  const { on, ran } = recording();
  await query(on)('Ada');
  await query(on)('Bob');
  expect(ran.map(({ values }) => values)).toEqual([
    ['Ada', 7, 'Ada'],
    ['Bob', 7, 'Bob'],
  ]);
});

test('a list makes a query for each length, and each of its values is bound', async () => {
  const build = vi.fn((db: Connection['builder'], ids: Param<readonly string[]>) =>
    db
      .selectFrom('users')
      .select('id')
      .where('id', 'in', [...ids]),
  );
  const { on, ran } = recording();
  for (const ids of [['1'], ['2', '3'], ['4', '5']]) await all(build)(on)(ids);
  const query = all(build);
  build.mockClear();
  for (const ids of [['1'], ['2', '3'], ['4', '5'], ['6']]) await query(on)(ids);
  expect(build).toHaveBeenCalledTimes(2);
  expect(ran.slice(3).map(({ values }) => values)).toEqual([['1'], ['2', '3'], ['4', '5'], ['6']]);
});

test('the properties of an object are bound, and of each in a list, whatever else they have', async () => {
  type Person = { readonly id: string; readonly name: string };
  const rename = write((db, { id, name }: Param<Person>) =>
    db.updateTable('users').set({ name }).where('id', '=', id),
  );
  const find = all((db, people: Param<readonly Person[]>) =>
    db
      .selectFrom('users')
      .select('id')
      .where((eb) => eb.or(people.map(({ id, name }) => eb.and({ id, name })))),
  );
  const { on, ran } = recording();
  const ada = { name: 'Ada', age: 36, id: '1' };
  await rename(on)(ada);
  await find(on)([ada, { id: '2', name: 'Bob' }]);
  expect(ran.map(({ values }) => values)).toEqual([
    ['Ada', '1'],
    ['1', 'Ada', '2', 'Bob'],
  ]);
});

test('a value that may be missing makes a query with it and one without', async () => {
  const query = all((db, id: Param<string>, except?: Param<string>) => {
    const found = db.selectFrom('users').select('id').where('id', '=', id);
    return except === undefined ? found : found.where('name', '!=', except);
  });
  const { on, ran } = recording();
  await query(on)('1');
  await query(on)('2', 'Ada');
  await query(on)('3', undefined);
  await query(on)('4');
  expect(ran.map(({ values }) => values)).toEqual([['1'], ['2', 'Ada'], ['3'], ['4']]);
});

test('a flag is bound as a number, and null as null', async () => {
  const query = write((db, isEnabled: Param<boolean>, hash: Param<string | null>) =>
    db.updateTable('users').set({ is_enabled: isEnabled, password_hash: hash }),
  );
  const { on, ran } = recording();
  await query(on)(true, null);
  await query(on)(false, 'hash');
  expect(ran.map(({ values }) => values)).toEqual([
    [1, null],
    [0, 'hash'],
  ]);
});

test('each kind of query answers what it says', async () => {
  const two = recording(sqliteGrammar, [{ id: '1' }, { id: '2' }]).on;
  const none = recording().on;
  const read = (db: Connection['builder']) => db.selectFrom('users').select('id');
  const idOf = ({ id }: { id: string }) => `user ${id}`;
  const change = (db: Connection['builder']) => db.deleteFrom('users');
  expect(await all(read)(two)()).toEqual([{ id: '1' }, { id: '2' }]);
  expect(await all(read, idOf)(two)()).toEqual(['user 1', 'user 2']);
  expect(await one(read, idOf)(two)()).toBe('user 1');
  expect(await one(read, idOf)(none)()).toBeNull();
  expect(await write(change)(two)()).toBeUndefined();
  expect([await guarded(change)(two)(), await guarded(change)(none)()]).toEqual([true, false]);
  expect(await counted(change)(two)()).toBe(2);
});

test('columns of a join keep apart what is named alike, and give its row back', () => {
  const user = joined('users', ['id', 'created_at as createdAt'], (row) => row);
  const key = joined('keys', ['id'], ({ id }) => `key ${id}`);
  expect([...user.columns, ...key.columns]).toEqual([
    'users.id as users.id',
    'users.created_at as users.createdAt',
    'keys.id as keys.id',
  ]);
  const row = { 'users.id': '1', 'users.createdAt': 2, 'keys.id': '3' };
  expect(user.of(row)).toEqual({ id: '1', createdAt: 2 });
  expect(key.of(row)).toBe('key 3');
});

test('a list is bound anew by each call, whatever it held when its query was built', async () => {
  const query = all((db, ids: Param<readonly string[]>) =>
    db
      .selectFrom('users')
      .select('name')
      .where('id', 'in', [...ids]),
  );
  const { on, ran } = recording();
  await query(on)([undefined as unknown as string]);
  await query(on)(['1']);
  expect(ran[1]?.values).toEqual(['1']);
});
