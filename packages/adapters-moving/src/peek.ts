/** More blanks than that are no beginning of anything. */
const MAX_BLANKS = 1024;

/** The first character of an input that is no blank, and the whole of it. */
export async function beginningOf(
  octets: AsyncIterable<Uint8Array>,
): Promise<{ readonly first: string; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = octets[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let first = '';
  for (let length = 0; first === '' && length < MAX_BLANKS; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    // It may be used again before it is read.
    const piece = new Uint8Array(value);
    read.push(piece);
    length += piece.length;
    first = Buffer.concat(read)
      .toString()
      .replace(/^\ufeff/, '')
      .trimStart()
      .charAt(0);
  }
  return { first, all: joined(read, iterator) };
}

async function* joined(read: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
  try {
    yield* read;
    for (;;) {
      const { done, value } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
