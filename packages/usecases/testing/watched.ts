import type { Stores } from '../src/ports/index.ts';

/** The stores, but that something is done before each of their verbs, which fails where that throws. */
export function watched(stores: Stores, before: (store: string, verb: string) => void): Stores {
  type Verbs = Record<string, (...args: unknown[]) => Promise<unknown>>;
  const all = Object.entries(stores).map(([name, store]) => [
    name,
    Object.fromEntries(
      Object.entries(store as unknown as Verbs).map(([verb, run]) => [
        verb,
        async (...args: unknown[]) => {
          before(name, verb);
          return run(...args);
        },
      ]),
    ),
  ]);
  return Object.fromEntries(all);
}
