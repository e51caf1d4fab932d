import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Database } from '@rekey/usecases';
import { aService } from '@rekey/usecases/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedDatabase, openDatabase } from './index.ts';

let folder: string;
let opened: OpenedDatabase;
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  opened = await openDatabase({ url: `sqlite:${path.join(folder, 'rekey.db')}` });
  await opened.migrate();
  database = opened.database;
});
afterAll(async () => {
  await opened.close();
  await rm(folder, { recursive: true });
});

const find = (id: string) => database.read(({ services }) => services.get(id));

describe('the door to the stores', () => {
  test('lets nobody nest, whichever way', async () => {
    for (const outer of [database.transact, database.read]) {
      for (const inner of [database.transact, database.read]) {
        await expect(outer(() => inner(async () => 'inner'))).rejects.toThrow('is open already');
      }
    }
  });

  test('is open to what a transaction began and left behind', async () => {
    const after = Promise.withResolvers<void>();
    const later = await database.transact(async () => [
      after.promise.then(() => database.transact(async () => 'its own')),
    ]);
    after.resolve();
    expect(await Promise.all(later)).toEqual(['its own']);
  });

  test('undoes a call that nobody awaits, and says so', async () => {
    const service = aService();
    const careless = database.transact(async ({ services }) => {
      void services.insert(service);
    });
    await expect(careless).rejects.toThrow('await every one of them');
    expect(await find(service.id)).toBeNull();
  });

  test('undoes what still runs when the work throws', async () => {
    const [first, second] = [aService(), aService()];
    const failing = database.transact(({ services }) =>
      Promise.all([
        services.insert(first),
        Promise.reject(new Error('planted')),
        services.insert(second),
      ]),
    );
    await expect(failing).rejects.toThrow('planted');
    expect(await find(first.id)).toBeNull();
    expect(await find(second.id)).toBeNull();
  });

  test('runs work that fails once', async () => {
    for (const door of [database.transact, database.read]) {
      let runs = 0;
      const failing = door(async () => {
        runs += 1;
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(runs).toBe(1);
    }
  });

  test('keeps transactions that run at the same time apart', async () => {
    const services = Array.from({ length: 20 }, () => aService());
    const answers = await Promise.allSettled(
      services.map((service, index) =>
        database.transact(async (stores) => {
          await stores.services.insert(service);
          if (index % 2) throw new Error('planted');
        }),
      ),
    );
    const isKept = answers.map(({ status }) => status === 'fulfilled');
    expect(isKept).toEqual(services.map((_, index) => index % 2 === 0));
    for (const [index, { id }] of services.entries()) {
      expect((await find(id)) !== null).toBe(isKept[index]);
    }
  });
});
