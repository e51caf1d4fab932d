import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { skips } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshPostgres } from '../../test/postgres.ts';
import { openDialect } from '../open.ts';
import { databaseOn } from '../transact.ts';
import { migrate, migrations } from './index.ts';
import { sequences } from './sequences.ts';

const isMissing = (await freshPostgres()) === null;

/** The events of a database of before get places in the order of their time, and new ones come after them. */
async function expectPlaces(url: string): Promise<void> {
  const dialect = await openDialect({ url });
  onTestFinished(() => dialect.close());
  await migrate(dialect, migrations.slice(0, migrations.indexOf(sequences)));
  const rows = [
    ['e3', 30, 'one'],
    ['e1', 10, 'one'],
    ['e2', 20, 'other'],
    ['e0', 30, 'one'],
  ];
  await dialect.transact(async (on) => {
    for (const [id, at, service] of rows) {
      const sql = `insert into events (id, created_at, type, service_id, data)
        values ('${id}', ${at}, 'user.created', '${service}', null)`;
      await on.changes({ sql }, []);
    }
  });
  expect(await migrate(dialect)).toContain('sequences');
  const { read, transact } = databaseOn(dialect);
  const placesOf = async (serviceId: string) => {
    const events = await read((stores) => stores.events.follow(serviceId, 0, 10));
    return events.map(({ id, sequence }) => [id, sequence]);
  };
  expect(await placesOf('one')).toEqual([
    ['e1', 1],
    ['e0', 2],
    ['e3', 3],
  ]);
  expect(await placesOf('other')).toEqual([['e2', 1]]);
  const ends = await read(({ events }) => events.ends(['one', 'other']));
  expect([ends.get('one'), ends.get('other')]).toEqual([3, 1]);
  expect(await transact(({ events }) => events.prune(25, 10))).toBe(2);
  expect(await read(({ events }) => events.bounds('other'))).toEqual({ first: 2, last: 1 });
}

describe('events of before, once they have places', () => {
  test('go by time on SQLite', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await expectPlaces(`sqlite:${folder}/rekey.db`);
  });

  test.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))(
    'go by time on PostgreSQL',
    async () => {
      await expectPlaces((await freshPostgres()) ?? '');
    },
  );
});
