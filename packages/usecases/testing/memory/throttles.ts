import { noTries } from '@rekey/domain';
import type { Throttles } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function throttles({ throttles }: Tables): Throttles {
  const tallyOf = (key: string) => throttles.get(key)?.tally ?? noTries;
  return {
    get: async (key) => tallyOf(key),
    lock: async (keys) => keys.map(tallyOf),
    put: async (tallies) => {
      for (const stored of tallies) throttles.put(stored.key, stored);
    },
    prune: async (now, limit) => {
      const over = throttles
        .rows()
        .filter(({ forgetAt }) => forgetAt <= now)
        .slice(0, limit);
      for (const { key } of over) throttles.delete(key);
      return over.length;
    },
  };
}
