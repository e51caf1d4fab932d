import type { Id, Webhook, WebhookAnswer } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { EventRange, SequencedEvent, WebhookDeliveries } from '../../src/ports/index.ts';
import { aFeed, anId, aService, aWebhook, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

const TAKEN: WebhookAnswer = { failure: null, status: 204, durationMs: 7 };
const FAILED: WebhookAnswer = { failure: 'status', status: 500, durationMs: 9 };
const ALL = { first: 100, repeated: 100 };

export function webhookDeliveriesContract({ write, read, alone }: Opened): void {
  /** A webhook of a service with events, of the users who are named at their places. */
  const seed = async (users: readonly (Id | null)[], details: Partial<Webhook> = {}) => {
    const service = aService();
    const webhook = aWebhook({ serviceId: service.id, ...details });
    const feed = aFeed(service.id, users.length).map(
      (event, index): SequencedEvent => ({ ...event, userId: users[index] ?? null }),
    );
    await write(async (stores) => {
      await stores.services.insert(service);
      await stores.events.append(feed);
      await stores.webhooks.insert(webhook, 'sealed', 0);
    });
    const on = <T>(work: (deliveries: WebhookDeliveries) => Promise<T>) =>
      write(({ webhookDeliveries }) => work(webhookDeliveries));
    const owe = (range: Partial<EventRange> = {}, limit = 100, now = START) =>
      on((deliveries) =>
        deliveries.owe(
          webhook.id,
          { serviceId: service.id, types: [], after: 0, ...range },
          now,
          limit,
        ),
      );
    const dueCalls = (now = START, without: readonly Id[] = [], limits = ALL) =>
      read(({ webhookDeliveries }) => webhookDeliveries.due(webhook.id, now, without, limits));
    /** The places of the events that are due. */
    const due = async (...args: Parameters<typeof dueCalls>) => {
      const calls = await dueCalls(...args);
      return calls.map(({ event }) => feed.findIndex(({ id }) => id === event.id) + 1);
    };
    const at = (place: number) => {
      const eventId = feed[place - 1]?.id ?? '';
      return { webhookId: webhook.id, eventId };
    };
    const take = (place: number, now = START) =>
      on((deliveries) => deliveries.markDelivered(at(place), TAKEN, now));
    const fail = (place: number, dueAt: number, failingSince = START) =>
      on((deliveries) => deliveries.putOff(at(place), FAILED, { dueAt, failingSince }));
    const list = (state: 'waiting' | 'delivered' | null = null, page: object = {}) =>
      read(({ webhookDeliveries }) =>
        webhookDeliveries.list(webhook.id, state, { limit: 100, ...page }),
      );
    return { service, webhook, feed, on, owe, due, dueCalls, take, fail, list };
  };

  describe('deliveries of webhooks', () => {
    test('are owed of the next places, and due with the event as it is', async () => {
      const { feed, owe, dueCalls } = await seed([anId(), null, anId()]);
      expect(await owe({}, 2)).toBe(2);
      expect(await owe({ after: 2 }, 2)).toBe(3);
      expect(await owe({ after: 3 }, 2)).toBeNull();
      expect(await dueCalls(START - 1)).toEqual([]);
      const calls = await dueCalls();
      expect(calls).toHaveLength(3);
      for (const [index, event] of feed.entries()) {
        expect(calls[index]).toMatchObject({ event, failingSince: null });
      }
    });

    test('are owed of some types, of a range of places, and of a while', async () => {
      const { service, webhook, on } = await seed([]);
      const { feed } = { feed: aFeed(service.id, 4) };
      const events = feed.map(
        (event, index): SequencedEvent => ({
          ...event,
          type: index === 1 ? 'user.created' : 'user.deleted',
          data: {},
          createdAt: START + index,
        }),
      );
      await write((stores) => stores.events.append(events));
      const owed = async (range: Partial<EventRange>) => {
        const of = { serviceId: service.id, types: [], after: 0, ...range };
        const reached = await on((deliveries) => deliveries.owe(webhook.id, of, START, 100));
        const rows = await read(({ webhookDeliveries }) =>
          webhookDeliveries.due(webhook.id, START, [], ALL),
        );
        const places = rows.map(({ event }) => events.findIndex(({ id }) => id === event.id) + 1);
        for (const { event } of rows) {
          const called = { webhookId: webhook.id, eventId: event.id };
          await on((deliveries) => deliveries.markDelivered(called, TAKEN, START));
        }
        return { reached, places };
      };
      expect(await owed({ types: ['user.created'] })).toEqual({ reached: 4, places: [2] });
      expect(await owed({ until: 2 })).toEqual({ reached: 2, places: [1, 2] });
      expect(await owed({ after: 4, until: 4 })).toEqual({ reached: null, places: [] });
      expect(await owed({ from: START + 1, to: START + 2 })).toEqual({
        reached: 4,
        places: [2, 3],
      });
    });

    test('of a user are due one after the other, and hold back nobody else', async () => {
      const [ada, eve] = [anId(), anId()];
      const { owe, due, take, fail } = await seed([ada, ada, eve, null, null, ada]);
      await owe();
      expect(await due()).toEqual([1, 3, 4, 5]);
      await fail(1, START + 1000);
      expect(await due()).toEqual([3, 4, 5]);
      expect(await due(START + 1000)).toEqual([3, 4, 5, 1]);
      await take(1);
      expect(await due()).toEqual([2, 3, 4, 5]);
      await take(2);
      expect((await due()).toSorted()).toEqual([3, 4, 5, 6]);
    });

    test('of a user are held back by what was owed before', async () => {
      const ada = anId();
      const { owe, due, take } = await seed([ada, ada]);
      await owe({}, 1);
      await owe({ after: 1 }, 1);
      expect(await due()).toEqual([1]);
      await take(1);
      expect(await due()).toEqual([2]);
    });

    test('that are owed anew hold back the later ones of their user again', async () => {
      const ada = anId();
      const { owe, due, take, fail, list } = await seed([ada, ada]);
      await owe();
      await take(1);
      await fail(2, START);
      expect(await due()).toEqual([2]);
      await owe({ until: 1 });
      expect(await due()).toEqual([1]);
      expect(await list()).toMatchObject([
        { state: 'waiting', attempts: 0, last: null, deliveredAt: null },
        { state: 'waiting', attempts: 1 },
      ]);
    });

    test('are due but for some, and as many of each kind as there is room for', async () => {
      const { owe, due, fail, feed, on, webhook } = await seed([null, null, null, null]);
      await owe();
      await fail(1, START);
      await fail(2, START);
      expect(await due(START, [], { first: 1, repeated: 1 })).toEqual([3, 1]);
      expect(await due(START, [], { first: 0, repeated: 9 })).toEqual([1, 2]);
      const ids = feed.map(({ id }) => id);
      expect(await due(START, ids.slice(1, 3))).toEqual([4, 1]);
      const isDue = (without: readonly Id[]) =>
        on((deliveries) => deliveries.isDue(webhook.id, START, without));
      expect(await isDue(ids.slice(0, 3))).toBe(true);
      expect(await isDue(ids.slice(1))).toBe(true);
      expect(await isDue(ids)).toBe(false);
    });

    test('tell what became of them', async () => {
      const user = anId();
      const { owe, take, fail, list, feed } = await seed([user, user]);
      await owe();
      const [one, two] = feed;
      const fresh = { attempts: 0, deliveredAt: null, last: null };
      const of = ({ id, type, createdAt, userId }: SequencedEvent) => ({
        id,
        type,
        createdAt,
        userId,
      });
      expect(await list()).toEqual([
        { ...of(one!), state: 'waiting', ...fresh, dueAt: START },
        { ...of(two!), state: 'waiting', ...fresh, dueAt: null },
      ]);
      await fail(1, START + 5);
      await fail(1, START + 9);
      expect(await list()).toMatchObject([{ attempts: 2, dueAt: START + 9, last: FAILED }, fresh]);
      await take(1, START + 9);
      expect(await list('delivered')).toEqual([
        {
          ...of(one!),
          state: 'delivered',
          attempts: 3,
          dueAt: null,
          deliveredAt: START + 9,
          last: TAKEN,
        },
      ]);
      expect(await list('waiting')).toMatchObject([{ id: two?.id, dueAt: START + 9 }]);
    });

    test('are listed in pages, by the ids of their events', async () => {
      const { owe, list, feed } = await seed([null, null, null]);
      await owe();
      const ids = feed.map(({ id }) => id).sort();
      const listed = async (page: object) => (await list(null, page)).map(({ id }) => id);
      expect(await listed({ limit: 2 })).toEqual(ids.slice(0, 2));
      expect(await listed({ after: ids[0] })).toEqual(ids.slice(1));
      expect(await listed({ before: ids[2], limit: 1 })).toEqual([ids[1]]);
      expect(await listed({ after: ids[0], before: ids[2] })).toEqual([ids[1]]);
    });

    test('that failed begin anew at once when their webhook does', async () => {
      const ada = anId();
      const { owe, fail, dueCalls, due, on, webhook } = await seed([ada, ada, null]);
      await owe();
      await fail(1, START + 1e9);
      await on((deliveries) => deliveries.restart(webhook.id, START + 1));
      expect(await due(START + 1)).toEqual([3, 1]);
      const calls = await dueCalls(START + 1);
      expect(calls.map(({ failingSince }) => failingSince)).toEqual([null, null]);
    });

    test('are pruned by the time of their events, a few at a time', async () => {
      await alone(async (database) => {
        const service = aService();
        const webhook = aWebhook({ serviceId: service.id });
        await database.transact(async (stores) => {
          await stores.services.insert(service);
          await stores.events.append(aFeed(service.id, 3));
          await stores.webhooks.insert(webhook, 'sealed', 0);
          const range = { serviceId: service.id, types: [], after: 0 };
          await stores.webhookDeliveries.owe(webhook.id, range, START, 10);
        });
        const prune = (before: number) =>
          database.transact(({ webhookDeliveries }) => webhookDeliveries.prune(before, 2));
        expect(await prune(START)).toBe(0);
        expect(await prune(START + 1)).toBe(2);
        expect(await prune(START + 1)).toBe(1);
      });
    });

    test('that fail at enabled webhooks are counted, and the first of them is told', async () => {
      await alone(async (database) => {
        const service = aService();
        const webhook = aWebhook({ serviceId: service.id });
        const feed = aFeed(service.id, 3);
        const backlog = () => database.read(({ webhookDeliveries }) => webhookDeliveries.backlog());
        await database.transact(async (stores) => {
          await stores.services.insert(service);
          await stores.events.append(feed);
          await stores.webhooks.insert(webhook, 'sealed', 0);
          const range = { serviceId: service.id, types: [], after: 0 };
          await stores.webhookDeliveries.owe(webhook.id, range, START, 10);
        });
        expect(await backlog()).toEqual({ failing: 0, failingSince: null });
        await database.transact(async ({ webhookDeliveries }) => {
          for (const [index, { id: eventId }] of feed.slice(1).entries()) {
            const to = { dueAt: START + 9, failingSince: START + index };
            await webhookDeliveries.putOff({ webhookId: webhook.id, eventId }, FAILED, to);
          }
        });
        expect(await backlog()).toEqual({ failing: 2, failingSince: START });
        const disabled = { ...webhook, isEnabled: false, disabledAt: START };
        await database.transact(({ webhooks }) => webhooks.update(disabled));
        expect(await backlog()).toEqual({ failing: 0, failingSince: null });
      });
    });
  });
}
