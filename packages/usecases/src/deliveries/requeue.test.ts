import { type DeliveryState, operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  endOf,
  nobody,
  root,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';
import { DeliveryFailure } from '../index.ts';

const EXPIRY = START + settings.revokeTokenTtlMs;

const list = (w: World, state: DeliveryState | null) =>
  w.useCases.deliveries.listDeliveries.execute(operator, { state, limit: 100 });
const requeue = (w: World, id: string) =>
  w.useCases.deliveries.requeueDelivery.execute(operator, { id });

async function addDead(w: World): Promise<void> {
  const owner = await w.addOwner();
  await w.useCases.passwords.updatePassword.execute(asService(owner.service), w.change(owner));
  w.channels.mail.failNext(new DeliveryFailure('550 no such mailbox', true));
  expect(await w.deliver()).toMatchObject([{ outcome: 'dead' }]);
}

/** As many dead deliveries, each of an owner of its own. */
async function deadDeliveries(count: number) {
  const w = world();
  for (let i = 0; i < count; i += 1) await addDead(w);
  const dead = await list(w, 'dead');
  expect(dead).toHaveLength(count);
  return { w, ids: dead.map(({ id }) => id) };
}

describe('a dead delivery', () => {
  test('that is requeued goes out, with the id and the link that it always had', async () => {
    const { w, ids } = await deadDeliveries(1);
    expect(await requeue(w, ids[0]!)).toBe('requeued');
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent' }]);
    expect(w.channels.mail.sent).toMatchObject([{ id: ids[0], linkExpiresAt: EXPIRY }]);
    expect(await list(w, 'sent')).toMatchObject([{ id: ids[0], reason: '550 no such mailbox' }]);
  });

  test('stays dead where its deadline has passed, and that is said', async () => {
    const { w, ids } = await deadDeliveries(1);
    w.clock.set(EXPIRY);
    expect(await requeue(w, ids[0]!)).toBe('too late');
    expect(await w.deliver()).toEqual([]);
    expect(await list(w, 'dead')).toHaveLength(1);
    w.clock.set(EXPIRY - 1);
    expect(await requeue(w, ids[0]!)).toBe('requeued');
  });

  test('is all that can be requeued', async () => {
    const w = world();
    const owner = await w.addOwner();
    await w.useCases.passwords.updatePassword.execute(asService(owner.service), w.change(owner));
    const [waiting] = await list(w, 'waiting');
    expect(await requeue(w, waiting!.id)).toBe('not dead');
    await w.deliver();
    expect(await requeue(w, waiting!.id)).toBe('not dead');
    expect(await requeue(w, owner.user.id)).toBe('unknown');
    expect(w.channels.mail.sent).toHaveLength(1);
  });

  test('is requeued with all the others whose deadline has not passed', async () => {
    const { w } = await deadDeliveries(2);
    w.clock.set(START + 1000);
    await addDead(w);
    w.clock.set(EXPIRY);
    expect(await w.useCases.deliveries.requeueDeadDeliveries.execute(operator)).toBe(1);
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent', attempt: 2 }]);
    expect(await list(w, 'dead')).toHaveLength(2);
    expect(await list(w, null)).toHaveLength(3);
  });

  test('is shown to nobody but the operator, and requeued by nobody else', async () => {
    const { w, ids } = await deadDeliveries(1);
    const service = await w.addService();
    const before = w.database.snapshot();
    const { listDeliveries, requeueDelivery, requeueDeadDeliveries } = w.useCases.deliveries;
    for (const actor of [asService(service), root, nobody]) {
      for (const run of [
        () => listDeliveries.execute(actor, { state: null, limit: 1 }),
        () => requeueDelivery.execute(actor, { id: ids[0]! }),
        () => requeueDeadDeliveries.execute(actor),
      ]) {
        expect(await endOf(run())).toBeInstanceOf(Unauthorized);
      }
    }
    expect(w.database.snapshot()).toEqual(before);
  });
});
