import type { Id, Instant } from '@rekey/domain';
import type { KeyUses } from '../ports/index.ts';

/** Twelve megabytes, and more keys than a machine looks at between two times that their uses are written down. */
const MAX_KEYS = 100_000;

/** Of each key the latest use. Beyond so many keys, the use of another one is not noted until some were taken. */
export function keyUses(maxKeys = MAX_KEYS): KeyUses {
  const uses = new Map<Id, Instant>();
  return {
    note({ id, at }) {
      const known = uses.get(id);
      if (known === undefined ? uses.size < maxKeys : known < at) uses.set(id, at);
    },
    take(limit) {
      const taken = [];
      for (const [id, at] of uses) {
        if (taken.length === limit) break;
        uses.delete(id);
        taken.push({ id, at });
      }
      return taken;
    },
  };
}
