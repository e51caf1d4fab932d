import type { Id } from '@rekey/domain';
import type { Events } from '../../src/ports/index.ts';
import { addPending } from './pending.ts';
import type { Tables } from './tables.ts';

export function events(tables: Tables): Events {
  const { events, feeds } = tables;
  const feedOf = (serviceId: Id) =>
    events
      .rows()
      .filter((event) => event.serviceId === serviceId)
      .sort((a, b) => a.sequence - b.sequence);
  return {
    insert: async (event) => addPending(tables, [{ event }]),
    append: async (sequenced) => {
      for (const event of sequenced) {
        events.put(event.id, event);
        feeds.put(event.serviceId, event.sequence);
      }
    },
    ends: async (serviceIds) => new Map(serviceIds.map((id) => [id, feeds.get(id) ?? 0])),
    follow: async (serviceId, after, limit, types) =>
      feedOf(serviceId)
        .filter(({ sequence }) => sequence > after)
        .filter(({ type }) => types === undefined || types.includes(type))
        .slice(0, limit),
    bounds: async (serviceId) => {
      const last = feeds.get(serviceId) ?? 0;
      return { first: feedOf(serviceId)[0]?.sequence ?? last + 1, last };
    },
    prune: async (before, limit) => {
      const over = events.rows().filter(({ serviceId, sequence }) =>
        feedOf(serviceId)
          .filter((event) => event.sequence <= sequence)
          .every(({ createdAt }) => createdAt < before),
      );
      for (const { id } of over.slice(0, limit)) events.delete(id);
      return Math.min(over.length, limit);
    },
  };
}
