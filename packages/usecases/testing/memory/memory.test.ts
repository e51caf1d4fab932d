import { expect, test } from 'vitest';
import { databaseContract } from '../contracts/index.ts';
import { aService } from '../fixtures.ts';
import { memoryDatabase } from './index.ts';

databaseContract('memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));

test('transactions and reads wait for the one that is open, and see it whole or not at all', async () => {
  const { transact, read } = memoryDatabase();
  const service = aService();
  const order: string[] = [];
  const ids = () => read(async ({ services }) => order.push(`${(await services.ids()).length}`));
  const first = transact(async ({ services }) => {
    await services.insert(service);
    // Time enough for others that do not wait.
    for (let i = 0; i < 50; i += 1) await services.get(service.id);
    order.push('first ends');
    throw new Error('planted');
  });
  const others = [ids(), transact(async () => order.push('second')), ids()];
  await expect(first).rejects.toThrow('planted');
  await Promise.all(others);
  expect(order).toEqual(['first ends', '0', 'second', '0']);
});

test('a snapshot shows what is committed, but for the tables that are left out', async () => {
  const { transact, snapshot } = memoryDatabase();
  const service = aService();
  await transact(({ services }) => services.insert(service));
  const failing = transact(async ({ services }) => {
    await services.insert(aService());
    throw new Error('planted');
  });
  await expect(failing).rejects.toThrow('planted');
  expect(snapshot()).toMatchObject({ services: [[service.id, service]], users: [] });
  expect(snapshot('services')).not.toHaveProperty('services');
});

test('a snapshot is refused while a transaction is open that has changed something', async () => {
  const { transact, snapshot } = memoryDatabase();
  await transact(async ({ services }) => {
    await services.insert(aService());
    expect(() => snapshot()).toThrow('a transaction is open');
  });
});
