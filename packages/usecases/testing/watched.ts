import type { Stores } from '../src/ports/index.ts';

/** The stores, but that each call goes through `around`. */
export function watched(
  stores: Stores,
  around: (verb: string, call: () => Promise<unknown>) => Promise<unknown>,
): Stores {
  type Verbs = Record<string, (...args: unknown[]) => Promise<unknown>>;
  const all = Object.entries(stores).map(([name, store]) => [
    name,
    Object.fromEntries(
      Object.entries(store as unknown as Verbs).map(([verb, run]) => [
        verb,
        (...args: unknown[]) => around(`${name}.${verb}`, () => run(...args)),
      ]),
    ),
  ]);
  return Object.fromEntries(all);
}
