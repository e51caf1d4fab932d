import { operator, Unauthorized } from '@rekey/domain';
import { expect, test } from 'vitest';
import {
  asService,
  endOf,
  failingAt,
  nobody,
  planted,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

const lastUseOf = async (w: World, id: string) =>
  (await w.database.read(({ keys }) => keys.get(id)))?.lastUsedAt;

test('the uses of keys are written down together, each key once', async () => {
  const w = world();
  const service = await w.addService();
  const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
  for (const after of [3, 1, 2]) w.keyUses.note({ id: key.id, at: START + after });
  expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(1);
  expect(await lastUseOf(w, key.id)).toBe(START + 3);
  expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(0);
});

test('there may be more of them than one transaction takes', async () => {
  const w = world();
  const service = await w.addService();
  const ids: string[] = [];
  for (let count = 0; count < 450; count += 1) {
    const { id } = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    ids.push(id);
    w.keyUses.note({ id, at: START });
  }
  expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(450);
  for (const id of ids) expect(await lastUseOf(w, id)).toBe(START);
});

test('uses that cannot be written down wait for the next time', async () => {
  const w = world();
  const service = await w.addService();
  const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
  w.keyUses.note({ id: key.id, at: START });
  const broken = useCases({ ...w, database: failingAt(w.database, 1) });
  expect(await endOf(broken.maintenance.keepUses.execute(operator))).toBe(planted);
  expect(await lastUseOf(w, key.id)).toBeNull();
  expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(1);
  expect(await lastUseOf(w, key.id)).toBe(START);
});

test('only the server writes them down', async () => {
  const w = world();
  const { keepUses } = w.useCases.maintenance;
  for (const actor of [nobody, root, asService(await w.addService())]) {
    expect(await endOf(keepUses.execute(actor))).toBeInstanceOf(Unauthorized);
  }
});
