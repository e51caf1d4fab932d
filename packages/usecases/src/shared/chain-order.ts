import type { Id } from '@rekey/domain';

/**
 * By service, and the operator's last: a transaction that writes to several chains locks them in this order, so that no
 * two wait for each other.
 */
export const inChainOrder = <T extends { readonly serviceId: Id | null }>(of: readonly T[]): T[] =>
  of.toSorted(({ serviceId: a }, { serviceId: b }) =>
    b === null || (a !== null && a < b) ? -1 : 1,
  );
