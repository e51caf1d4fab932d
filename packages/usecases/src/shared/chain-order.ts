import type { Id } from '@rekey/domain';

/** By service: a transaction that writes to several chains locks them in this order, so that no two wait for each other. */
export const inChainOrder = <T extends { readonly serviceId: Id }>(of: readonly T[]): T[] =>
  of.toSorted((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
