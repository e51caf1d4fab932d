import type { Id } from '@rekey/domain';
import type { News } from '../../src/ports/index.ts';

/** News of this process alone. */
export function fakeNews(): News {
  const waiting = new Set<{ readonly of: readonly Id[] | null; resolve(): void }>();
  return {
    next: (of, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add({ of, resolve });
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      return promise;
    },
    tell: (serviceIds) => {
      for (const waiter of waiting) {
        if (waiter.of !== null && !serviceIds.some((id) => waiter.of?.includes(id))) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    },
    look: () => {},
  };
}
