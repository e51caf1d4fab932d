import type { Pending } from '../../src/ports/index.ts';
import type { PendingRow, Tables } from './tables.ts';

export const pending = ({ pending }: Tables): Pending => ({
  // Transactions take turns anyway.
  takeTurn: async () => true,
  take: async (limit) => {
    const taken = byPosition(pending).slice(0, limit);
    for (const [position] of taken) pending.delete(position);
    return {
      events: taken.flatMap(([, row]) => ('event' in row ? [row.event] : [])),
      entries: taken.flatMap(([, row]) => ('pending' in row ? [row.pending] : [])),
    };
  },
  entriesOf: async (serviceId) =>
    byPosition(pending).flatMap(([, row]) =>
      'pending' in row && ownerOf(row) === serviceId ? [row.pending] : [],
    ),
  isEmpty: async (serviceIds) =>
    !pending.rows().some((row) => serviceIds?.includes(ownerOf(row)) ?? true),
});

/** Adds what has no place yet. */
export function addPending({ pending }: Tables, added: readonly PendingRow[]): void {
  let position = byPosition(pending).at(-1)?.[0] ?? 0;
  for (const each of added) {
    position += 1;
    pending.put(position, each);
  }
}

const byPosition = (pending: Tables['pending']) => pending.entries().sort(([a], [b]) => a - b);

const ownerOf = (row: PendingRow) =>
  'event' in row ? row.event.serviceId : row.pending.entry.serviceId;
