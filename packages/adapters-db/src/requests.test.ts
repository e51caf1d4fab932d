import { IdempotencyConflict } from '@rekey/domain';
import { type Ports, useCases } from '@rekey/usecases';
import { asService, endOf, gate, skips, world } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshPostgres } from '../test/postgres.ts';
import { openDatabase } from './index.ts';

const url = await freshPostgres();

/** On SQLite one transaction at a time writes, so the second one finds what the first one kept. */
describe.skipIf(skips(url === null, 'PostgreSQL cannot run here'))('two servers', () => {
  test('that both do a request with one key, and find nothing that is kept, do it once', async () => {
    const opened = await openDatabase({ url: url ?? '' });
    onTestFinished(() => opened.close());
    await opened.migrate();
    const w = world(opened.database);
    const service = await w.addService();
    const user = await w.addUser(service);
    const by = asService(service);
    const bothLooked = gate(2);
    const database: Ports['database'] = {
      ...opened.database,
      transact: (work, onDisk) =>
        opened.database.transact((stores) => {
          const get = async (id: string) => {
            const kept = await stores.keptAnswers.get(id);
            await bothLooked();
            return kept;
          };
          return work({ ...stores, keptAnswers: { ...stores.keptAnswers, get } });
        }, onDisk),
    };
    const server = async () => {
      const { requests, keys } = useCases({ ...w, database });
      const request = requests.beginRequest.execute(by, {
        key: 'k',
        request: 'make a key',
        account: '',
        isVerdict: false,
      });
      await request.run(async () => {
        await keys.createKey.execute(by, { type: 'KEY', name: 'web', userId: user.id });
        await request.end({ text: 'made', userId: user.id }, true);
      });
    };
    const ends = await Promise.all([endOf(server()), endOf(server())]);
    expect(ends).toHaveLength(2);
    expect(ends).toContain('done');
    expect(ends).toContainEqual(new IdempotencyConflict('idempotency_key_in_use'));
    const made = await opened.database.read(({ keys }) =>
      keys.list({ userIds: [user.id] }, { limit: 10 }),
    );
    expect(made).toHaveLength(1);
  });
});
