import { linesOf } from '../lines.ts';
import type { Source, SourceRow } from '../row.ts';

/** JSON lines in the words of the import itself, one user a line. */
export const users: Source = {
  description: 'JSON lines of the form of Rekey, one user a line',
  async *read(octets): AsyncGenerator<SourceRow> {
    for await (const read of linesOf(octets)) {
      if ('faults' in read) yield read;
      else if (isObject(read.value)) yield { line: read.line, user: read.value };
      else yield { line: read.line, faults: ['is not an object'] };
    }
  },
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
