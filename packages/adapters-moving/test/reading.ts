import type { Source, SourceOptions, SourceRow } from '@rekey/usecases';

/** A text in pieces of a few octets, which are used again as those of a file are. */
export async function* piecesOf(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(text as string);
  const piece = Buffer.alloc(size);
  for (let at = 0; at < octets.length; at += size) {
    yield piece.subarray(0, octets.copy(piece, 0, at, at + size));
  }
}

/** All rows of an export. */
export async function rowsOf(
  source: Source,
  text: string,
  options: SourceOptions = {},
): Promise<SourceRow[]> {
  return allOf(source.read(piecesOf(text), options));
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
