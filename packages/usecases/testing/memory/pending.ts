import type { Event } from '@rekey/domain';
import type { Pending } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const pending = ({ pending }: Tables): Pending => ({
  // Transactions take turns anyway.
  takeTurn: async () => true,
  take: async (limit) => {
    const taken = byPosition(pending).slice(0, limit);
    for (const [position] of taken) pending.delete(position);
    return { events: taken.map(([, event]) => event) };
  },
  isEmpty: async (serviceIds) =>
    !pending.rows().some(({ serviceId }) => serviceIds?.includes(serviceId) ?? true),
});

/** Adds what has no place yet. */
export function addPending({ pending }: Tables, added: readonly Event[]): void {
  let position = byPosition(pending).at(-1)?.[0] ?? 0;
  for (const each of added) {
    position += 1;
    pending.put(position, each);
  }
}

const byPosition = (pending: Tables['pending']) => pending.entries().sort(([a], [b]) => a - b);
