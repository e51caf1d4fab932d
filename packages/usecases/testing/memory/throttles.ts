import { emptyBucket } from '@rekey/domain';
import type { Throttles } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function throttles({ throttles }: Tables): Throttles {
  const get = async (keys: readonly string[]) =>
    keys.map((key) => throttles.get(key)?.bucket ?? emptyBucket);
  return {
    get,
    lock: get,
    put: async (buckets) => {
      for (const stored of buckets) throttles.put(stored.key, stored);
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
