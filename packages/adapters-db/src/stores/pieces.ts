/** How many rows a statement has: few numbers, so that few statements are built and kept. */
export const SIZES = [128, 32, 8, 4, 2, 1] as const;

/** Runs a statement for all rows, as many at a time as one of them takes. */
export async function inPieces<Row>(
  rows: readonly Row[],
  run: (piece: readonly Row[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < rows.length; ) {
    const size = SIZES.find((each) => at + each <= rows.length) ?? 1;
    await run(rows.slice(at, at + size));
    at += size;
  }
}

/** Asks for all values, a few at a time, some of them twice. */
export async function askAll<Value, Row>(
  values: readonly Value[],
  ask: (piece: readonly Value[]) => Promise<Row[]>,
): Promise<Row[]> {
  const found: Row[] = [];
  for (let at = 0; at < values.length; at += SIZES[0]) {
    const piece = values.slice(at, at + SIZES[0]);
    const size = SIZES.findLast((each) => each >= piece.length) ?? SIZES[0];
    const filler = Array.from({ length: size - piece.length }, () => piece[0] as Value);
    found.push(...(await ask([...piece, ...filler])));
  }
  return found;
}
