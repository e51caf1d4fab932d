import { expect, test } from 'vitest';
import { databaseContract } from '../contracts/index.ts';
import { aService } from '../fixtures.ts';
import { memoryDatabase } from './index.ts';

databaseContract('memory', async () => ({
  database: memoryDatabase(),
  concurrency: 1,
  close: async () => undefined,
}));

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
