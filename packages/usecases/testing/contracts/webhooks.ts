import type { Webhook } from '@rekey/domain';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Webhooks } from '../../src/ports/index.ts';
import { aFeed, anId, aService, aWebhook, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

const LEASE_MS = 30_000;
const UNTIL = START + LEASE_MS;

export function webhooksContract({ write, read, race, alone }: Opened): void {
  const call = <T>(work: (webhooks: Webhooks) => Promise<T>) =>
    write(({ webhooks }) => work(webhooks));
  const get = (id: string) => read(({ webhooks }) => webhooks.get(id));

  /** A webhook of a service that has `events` in its feed. */
  const seed = async (details: Partial<Webhook> = {}, events = 1) => {
    const service = aService();
    const webhook = aWebhook({ serviceId: service.id, ...details });
    await write(async (stores) => {
      await stores.services.insert(service);
      await stores.events.append(aFeed(service.id, events));
      await stores.webhooks.insert(webhook, 'sealed-1', 0);
    });
    return { service, webhook };
  };

  describe('webhooks', () => {
    // Those that other tests left have nothing to do.
    beforeEach(() =>
      call(async (webhooks) => {
        for (const id of await webhooks.withWork(Number.MAX_SAFE_INTEGER, 1000)) {
          await webhooks.delete(id, START);
        }
      }),
    );

    test('come back as they went in', async () => {
      const { webhook } = await seed({ types: ['user.locked', 'token.theft'] });
      expect(await get(webhook.id)).toEqual(webhook);
      expect(await get(anId())).toBeNull();
      expect(await call((webhooks) => webhooks.lock(webhook.id))).toEqual({
        webhook,
        sealedSecret: 'sealed-1',
        previousSecret: null,
        places: { after: 0, replay: null },
      });
      expect(await call((webhooks) => webhooks.lock(anId()))).toBeNull();
    });

    test('are listed by their ids, those of some services or all, and counted', async () => {
      const { service, webhook } = await seed();
      const more = [aWebhook({ serviceId: service.id }), aWebhook({ serviceId: service.id })];
      const { service: other, webhook: foreign } = await seed();
      await call(async (webhooks) => {
        for (const each of more.toReversed()) await webhooks.insert(each, 'sealed', 0);
      });
      const list = (serviceIds: readonly string[] | undefined, page: object = {}) =>
        read(({ webhooks }) => webhooks.list({ serviceIds }, { limit: 10, ...page }));
      const own = [webhook, ...more];
      expect(await list([service.id])).toEqual(own);
      expect(await list([service.id], { after: webhook.id })).toEqual(more);
      expect(await list([service.id], { before: more[1]?.id, limit: 1 })).toEqual([more[0]]);
      expect(await list([service.id, other.id], { limit: 2 })).toEqual(
        [...own, foreign].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, 2),
      );
      expect(await list([])).toEqual([]);
      expect(await list(undefined, { limit: 1000 })).toEqual(
        expect.arrayContaining([...own, foreign]),
      );
      expect(await read(({ webhooks }) => webhooks.countOf(service.id))).toBe(3);
    });

    test('are changed, and keep their service, their secret and their places', async () => {
      const { webhook } = await seed();
      const changed: Webhook = {
        ...webhook,
        url: 'https://other.example/hook',
        types: ['user.created'],
        description: 'other',
        isEnabled: false,
        disabledAt: START + 1,
        updatedAt: START + 1,
      };
      await call((webhooks) => webhooks.update(changed));
      expect(await call((webhooks) => webhooks.lock(webhook.id))).toMatchObject({
        webhook: changed,
        sealedSecret: 'sealed-1',
        places: { after: 0 },
      });
      expect(await read(({ webhooks }) => webhooks.countDisabled())).toBeGreaterThan(0);
    });

    test('that are rotated keep one secret beside the new one', async () => {
      const { webhook } = await seed();
      await call((webhooks) => webhooks.rotate(webhook.id, 'sealed-2', START + 5, START + 1));
      await call((webhooks) => webhooks.rotate(webhook.id, 'sealed-3', START + 7, START + 2));
      expect(await call((webhooks) => webhooks.lock(webhook.id))).toMatchObject({
        webhook: { ...webhook, overlapEndsAt: START + 7, updatedAt: START + 2 },
        sealedSecret: 'sealed-3',
        previousSecret: 'sealed-2',
      });
    });

    test('that are deleted are not there any more, alone or with their service', async () => {
      const { service, webhook } = await seed();
      const { webhook: other } = await seed();
      const more = aWebhook({ serviceId: service.id });
      await call((webhooks) => webhooks.insert(more, 'sealed', 0));
      await call((webhooks) => webhooks.delete(webhook.id, START + 1));
      expect(await get(webhook.id)).toBeNull();
      expect(await get(more.id)).toEqual(more);
      expect(await call((webhooks) => webhooks.lock(webhook.id))).toBeNull();
      await call((webhooks) => webhooks.deleteAllOf(service.id, START + 1));
      expect(await get(more.id)).toBeNull();
      expect(await get(other.id)).toEqual(other);
      expect(await read(({ webhooks }) => webhooks.countOf(service.id))).toBe(0);
      const list = await read(({ webhooks }) =>
        webhooks.list({ serviceIds: [service.id] }, { limit: 10 }),
      );
      expect(list).toEqual([]);
    });

    const withWork = (now = START) => read(({ webhooks }) => webhooks.withWork(now, 100));

    test('have work while the feed of their service goes on beyond their place', async () => {
      const { webhook } = await seed();
      expect(await withWork()).toEqual([webhook.id]);
      expect(await read(({ webhooks }) => webhooks.isBehind(webhook.id))).toBe(true);
      await call((webhooks) => webhooks.move(webhook.id, { after: 1, replay: null }));
      expect(await withWork()).toEqual([]);
      expect(await read(({ webhooks }) => webhooks.isBehind(webhook.id))).toBe(false);
    });

    test('have work while a replay is under way', async () => {
      const { webhook } = await seed({}, 0);
      expect(await withWork()).toEqual([]);
      const replay = { after: 0, until: 5, from: START, to: START + 1 };
      await call((webhooks) => webhooks.replay(webhook.id, replay));
      expect(await withWork()).toEqual([webhook.id]);
      expect(await call((webhooks) => webhooks.lock(webhook.id))).toMatchObject({
        places: { after: 0, replay },
      });
    });

    test('have work when a call is due, and not before', async () => {
      const { webhook, service } = await seed();
      const range = { serviceId: service.id, types: [], after: 0 };
      await write(async ({ webhooks, webhookDeliveries }) => {
        await webhookDeliveries.owe(webhook.id, range, START + 10, 10);
        await webhooks.move(webhook.id, { after: 1, replay: null });
      });
      expect(await withWork(START + 9)).toEqual([]);
      expect(await withWork(START + 10)).toEqual([webhook.id]);
    });

    test('that are disabled, or whose service is, have no work', async () => {
      const { webhook } = await seed();
      await call((webhooks) =>
        webhooks.update({ ...webhook, isEnabled: false, disabledAt: START }),
      );
      const { service } = await seed();
      await write(({ services }) => services.update({ ...service, isEnabled: false }));
      expect(await withWork()).toEqual([]);
    });

    test('are leased by one at a time, until the lease ends or is released', async () => {
      const { webhook } = await seed();
      const { id } = webhook;
      const lease = (now: number) => call((webhooks) => webhooks.lease([id], now, now + LEASE_MS));
      expect(await lease(START)).toEqual([{ id, number: 1 }]);
      expect(await lease(UNTIL - 1)).toEqual([]);
      expect(await withWork(UNTIL - 1)).toEqual([]);
      expect(await withWork(UNTIL)).toEqual([id]);
      expect(await lease(UNTIL)).toEqual([{ id, number: 2 }]);
      await call((webhooks) => webhooks.release({ id, number: 2 }));
      expect(await lease(UNTIL)).toEqual([{ id, number: 3 }]);
    });

    test('have one winner of eight that race to lease them', async () => {
      const { webhook } = await seed();
      const leases = await race(8, ({ webhooks }) => webhooks.lease([webhook.id], START, UNTIL));
      expect(leases.flat()).toHaveLength(1);
    });

    test('are held by the latest lease alone, and while they are enabled and there', async () => {
      const { webhook } = await seed();
      const { id } = webhook;
      const hold = (number: number) =>
        call((webhooks) => webhooks.hold({ id, number }, UNTIL + LEASE_MS));
      await call((webhooks) => webhooks.lease([id], START, UNTIL));
      expect(await hold(1)).toMatchObject({ webhook, sealedSecret: 'sealed-1' });
      // It was prolonged.
      expect(await call((webhooks) => webhooks.lease([id], UNTIL, UNTIL + 1))).toEqual([]);
      const later = UNTIL + LEASE_MS;
      await call((webhooks) => webhooks.lease([id], later, later + LEASE_MS));
      expect(await hold(1)).toBeNull();
      expect(await hold(2)).not.toBeNull();
      const disabled = { ...webhook, isEnabled: false, disabledAt: START };
      await call((webhooks) => webhooks.update(disabled));
      expect(await hold(2)).toBeNull();
      await call((webhooks) => webhooks.update(webhook));
      expect(await hold(2)).not.toBeNull();
      await call((webhooks) => webhooks.delete(id, START));
      expect(await hold(2)).toBeNull();
    });

    test('that are deleted are pruned once none of their deliveries is left', async () => {
      await alone(async (database) => {
        const service = aService();
        const webhook = aWebhook({ serviceId: service.id });
        await database.transact(async (stores) => {
          await stores.services.insert(service);
          await stores.events.append(aFeed(service.id, 2));
          await stores.webhooks.insert(webhook, 'sealed', 0);
          const range = { serviceId: service.id, types: [], after: 0 };
          await stores.webhookDeliveries.owe(webhook.id, range, START, 10);
        });
        const prune = () =>
          database.transact(async ({ webhooks, webhookDeliveries }) => [
            await webhookDeliveries.prune(START, 10),
            await webhooks.prune(10),
          ]);
        expect(await prune()).toEqual([0, 0]);
        await database.transact(({ webhooks }) => webhooks.delete(webhook.id, START));
        expect(await prune()).toEqual([2, 1]);
        expect(await prune()).toEqual([0, 0]);
      });
    });
  });
}
