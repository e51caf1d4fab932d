import { expect, test } from 'vitest';
import { allOf, piecesOf } from '../test/reading.ts';
import { entriesOf } from './documents.ts';
import { linesOf } from './lines.ts';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

test.each([
  ['of JSON lines', linesOf(piecesOf(`{"a":${nested(200_000)}}\n{"a":${nested(60)}}\n`))],
  [
    'of a document',
    entriesOf(piecesOf(`[{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}},{"a":1}]`), [
      '[]',
    ]),
  ],
])(
  'an entry %s that would fill the stack is told, and those after it are read',
  async (_, read) => {
    const [deep, next] = await allOf(read);
    expect(deep).toEqual({ line: 1, faults: ['has more than 64 levels'] });
    expect(next).toHaveProperty('value');
  },
);
