/** Of one line, in octets: an entry has to fit into memory. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Of an entry: a parser takes any depth, and what walks through its values ends with the stack. */
const MAX_DEPTH = 64;

const NEWLINE = 0x0a;

/** A line of a file of JSON lines: its number, from 1, and its value or why it cannot be read. Empty lines are passed over. */
export type Line = { readonly line: number } & (
  | { readonly value: unknown }
  | { readonly faults: readonly string[] }
);

/** Reads JSON lines, one at a time. A line that is too long is passed over without being kept. */
export async function* linesOf(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let line = 0;
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array) => {
    length += part.length;
    // A copy: whoever reads may use the piece of memory again.
    if (length <= MAX_LINE_BYTES) parts.push(new Uint8Array(part));
    else parts = [];
  };
  const end = (): Line | null => {
    line += 1;
    const read = lineFrom(line, length, parts);
    parts = [];
    length = 0;
    return read;
  };
  for await (const octet of octets) {
    let from = 0;
    for (;;) {
      const at = octet.indexOf(NEWLINE, from);
      if (at < 0) break;
      take(octet.subarray(from, at));
      const read = end();
      if (read) yield read;
      from = at + 1;
    }
    if (from < octet.length) take(octet.subarray(from));
  }
  const last = length > 0 ? end() : null;
  if (last) yield last;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The value of a line or entry, of which `parts` are kept where it is not too long; null where it is empty. */
export function lineFrom(line: number, length: number, parts: readonly Uint8Array[]): Line | null {
  if (length > MAX_LINE_BYTES) return { line, faults: [`is longer than ${MAX_LINE_BYTES} octets`] };
  let text: string;
  try {
    // It takes the mark of order away that some systems put before the first line.
    text = decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  } catch {
    return { line, faults: ['is not UTF-8'] };
  }
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the text, which may be secret.
    return { line, faults: ['is not JSON'] };
  }
  return isDeeper(value, MAX_DEPTH)
    ? { line, faults: [`has more than ${MAX_DEPTH} levels`] }
    : { line, value };
}

/** Whether arrays and objects are in each other beyond so many levels. */
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1)));
