import type { Id, IdPage } from '@rekey/domain';

/** The page of rows by their ids. */
export function pageOf<Row extends { readonly id: Id }>(
  rows: readonly Row[],
  { after, before, limit }: IdPage,
): Row[] {
  const within = rows
    .filter(
      ({ id }) => (after === undefined || id > after) && (before === undefined || id < before),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const isLast = before !== undefined && after === undefined;
  return isLast ? within.slice(-limit) : within.slice(0, limit);
}
