import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { expect, test, vi } from 'vitest';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const aDatabase = () =>
  new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });

test('a query is built once for each database, and run with the values of each call', async () => {
  const build = vi.fn((db: Kysely<Schema>, id: string, name: string) =>
    db.selectFrom('users').select('id').where('id', '=', id).where('name', '=', name),
  );
  const query = prepared(build);
  for (const db of [aDatabase(), aDatabase()]) {
    const run = vi.spyOn(db, 'executeQuery');
    await query(db, '1', 'Ada');
    await query(db, '2', 'Bob');
    expect(run.mock.calls.map(([compiled]) => (compiled as CompiledQuery).parameters)).toEqual([
      ['1', 'Ada'],
      ['2', 'Bob'],
    ]);
  }
  expect(build).toHaveBeenCalledTimes(2);
});

test.each([
  ['in another order', (a: string, b: string) => [b, a]],
  ['besides others', (a: string, b: string) => [a, b, 'c']],
  ['but for one', (a: string) => [a]],
])('a query that binds its values %s is an error', async (_how, bound) => {
  const query = prepared((db, a: string, b: string) =>
    db.selectFrom('users').select('id').where('id', 'in', bound(a, b)),
  );
  await expect(query(aDatabase(), '1', '2')).rejects.toThrow('not the values in their order');
});
