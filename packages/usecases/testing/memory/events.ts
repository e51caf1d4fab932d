import type { Events } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const events = ({ events }: Tables): Events => ({
  insert: async (event) => events.put(event.id, event),
  prune: async (before, limit) => {
    const over = events
      .rows()
      .filter(({ createdAt }) => createdAt < before)
      .slice(0, limit);
    for (const { id } of over) events.delete(id);
    return over.length;
  },
});
