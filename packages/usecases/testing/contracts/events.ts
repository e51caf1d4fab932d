import { describe, expect, test } from 'vitest';
import type { SequencedEvent } from '../../src/ports/index.ts';
import { anEvent, anId, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

export function eventsContract({ write, read, seed }: Opened): void {
  describe('events', () => {
    // Long before the events of other tests.
    const past = START - 1e12;
    const prune = (before: number, limit = 100) =>
      write(({ events }) => events.prune(before, limit));
    const bounds = (serviceId: string) => read(({ events }) => events.bounds(serviceId));
    const follow = (serviceId: string, after = 0, limit = 100, types?: SequencedEvent['type'][]) =>
      read(({ events }) => events.follow(serviceId, after, limit, types));
    /** Events at the first places of a new service. */
    const append = async (...details: Partial<Parameters<typeof anEvent>[0]>[]) => {
      const { service } = await seed();
      const all = details.map((each, index) => ({
        ...anEvent({ serviceId: service.id, createdAt: past, ...each }),
        sequence: index + 1,
      }));
      await write(({ events }) => events.append(all));
      return { serviceId: service.id, all };
    };

    test('are followed as they were added, from any place on, so many at a time', async () => {
      const of = { userId: anId(), subjectId: anId(), type: 'session.started' } as const;
      const { serviceId, all } = await append(of, {}, {}, {});
      expect(await follow(serviceId)).toEqual(all);
      expect(await follow(serviceId, 1, 2)).toEqual(all.slice(1, 3));
      expect(await follow(serviceId, 4)).toEqual([]);
      expect(await follow((await seed()).service.id)).toEqual([]);
      await prune(past + 1);
    });

    test('of some types are followed without the others', async () => {
      const { serviceId, all } = await append(
        { type: 'key.created' },
        { type: 'session.started' },
        { type: 'session.ended' },
        { type: 'key.created' },
      );
      expect(await follow(serviceId, 0, 2, ['key.created'])).toEqual([all[0], all[3]]);
      expect(await follow(serviceId, 1, 9, ['session.ended', 'key.created'])).toEqual(all.slice(2));
      expect(await follow(serviceId, 0, 9, ['user.locked'])).toEqual([]);
      await prune(past + 1);
    });

    test('of many services are added at once, each at its place', async () => {
      const [one, other] = [await seed(), await seed()];
      const all = Array.from({ length: 90 }, (_, index) => ({
        ...anEvent({ serviceId: (index % 3 ? one : other).service.id, createdAt: past }),
        sequence: index % 3 ? index - Math.floor(index / 3) : index / 3 + 1,
      }));
      await write(({ events }) => events.append(all));
      const ids = [one, other].map(({ service }) => service.id);
      const ends = await read(({ events }) => events.ends([...ids, 'none']));
      expect(ids.map((id) => ends.get(id))).toEqual([60, 30]);
      expect(ends.get('none') ?? 0).toBe(0);
      for (const id of ids) {
        expect(await follow(id)).toEqual(all.filter(({ serviceId }) => serviceId === id));
      }
      await prune(past + 1);
    });

    test('have bounds, of which the last one stays when they are pruned', async () => {
      const { serviceId } = await append({}, {}, { createdAt: past + 5 });
      expect(await bounds(serviceId)).toEqual({ first: 1, last: 3 });
      expect(await prune(past + 1)).toBe(2);
      expect(await bounds(serviceId)).toEqual({ first: 3, last: 3 });
      expect(await prune(past + 6)).toBe(1);
      expect(await bounds(serviceId)).toEqual({ first: 4, last: 3 });
      expect(await bounds((await seed()).service.id)).toEqual({ first: 1, last: 0 });
    });

    test('of a transaction that fails are not kept', async () => {
      const { service } = await seed();
      const failing = write(async ({ events }) => {
        const event = anEvent({ serviceId: service.id, createdAt: past });
        await events.append([{ ...event, sequence: 1 }]);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await bounds(service.id)).toEqual({ first: 1, last: 0 });
    });

    test('are pruned a few at a time', async () => {
      await append({}, { createdAt: past + 1 }, { createdAt: past + 2 });
      expect(await prune(past + 3, 2)).toBe(2);
      expect(await prune(past + 3, 2)).toBe(1);
      expect(await prune(past + 3, 2)).toBe(0);
    });

    test('are pruned without gaps: an old one after a young one stays', async () => {
      const young = { createdAt: past + 10 };
      const { serviceId, all } = await append({}, young, {}, young);
      expect(await prune(past + 1)).toBe(1);
      expect(await follow(serviceId)).toEqual(all.slice(1));
      expect(await prune(past + 11)).toBe(3);
    });
  });
}
