import type { Ledgers } from '../../src/ports/index.ts';

/** Ledgers in memory; `open` counts those that are open. */
export function fakeLedgers(): Ledgers & { readonly count: { open: number } } {
  const count = { open: 0 };
  return {
    count,
    open() {
      count.open += 1;
      const claims = new Map<string, { readonly line: number; readonly rank: number }>();
      return {
        claim: (name, line, rank) => {
          const held = claims.get(name);
          const isFirst = !held || rank < held.rank || (rank === held.rank && line < held.line);
          if (isFirst) claims.set(name, { line, rank });
        },
        holder: (name) => claims.get(name)?.line ?? null,
        close: () => {
          count.open -= 1;
        },
      };
    },
  };
}
