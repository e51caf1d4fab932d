import { describe, expect, it } from 'vitest';
import { allOf, piecesOf } from '../test/reading.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import { recordsOf } from './tables.ts';

const read = (text: string, size?: number) => allOf(recordsOf(piecesOf(text, size)));

describe('records of a table', () => {
  it('are read with what quotes hold: commas, quotes and line breaks', async () => {
    expect(await read('\ufeffa,"b, ""c""\nd",\r\n\r\n"e",f\n')).toEqual([
      { line: 1, cells: ['a', 'b, "c"\nd', ''] },
      { line: 2, cells: ['e', 'f'] },
    ]);
  });

  it('are read where the quotes of a cell are not all doubled', async () => {
    const [row] = await read('a,"{""b"":""c\\"d""}",e\n');
    expect(row?.cells).toHaveLength(3);
  });

  it.each([
    ['a quote that nobody closes', `a,"b\n${'c,d\n'.repeat(10)}`],
    ['a record that is too long', `a,b\n${'x'.repeat(MAX_LINE_BYTES + 1)},c\nd,e\n`],
  ])('end with an error at %s, which quotes nothing', async (_name, text) => {
    await expect(read(text, 65_536)).rejects.toThrow(
      /^The input is no CSV: record \d cannot be read to its end\.$/,
    );
  });

  it('pass the failure of their input on', async () => {
    const failing = (async function* () {
      yield Buffer.from('a,b\n');
      throw new Error('the disk is gone');
    })();
    await expect(allOf(recordsOf(failing))).rejects.toThrow('the disk is gone');
  });
});
