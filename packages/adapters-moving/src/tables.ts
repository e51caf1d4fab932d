import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { MAX_LINE_BYTES } from './lines.ts';

/** A record of a table: its number, from 1, and its cells. */
export type Row = { readonly line: number; readonly cells: readonly string[] };

/**
 * Reads CSV (RFC 4180), one record at a time. Throws where a record is too long: a quote that nobody closes makes one of the whole
 * rest, and nobody knows where the next begins.
 */
export async function* recordsOf(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Row> {
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
    // Firebase does not double the quotes that JSON has escaped.
    relax_quotes: true,
    relax_column_count: true,
  });
  const input = Readable.from(copied(octets));
  input.on('error', (error) => parser.destroy(error)).pipe(parser);
  let line = 0;
  try {
    for await (const cells of parser) {
      line += 1;
      yield { line, cells };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The message of the parser quotes what it read.
    throw new Error(`The input is no CSV: record ${line + 1} cannot be read to its end.`);
  } finally {
    input.destroy();
  }
}

/** A stream reads ahead: whoever reads may use the piece of memory again before it is parsed. */
async function* copied(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of octets) yield new Uint8Array(piece);
}
