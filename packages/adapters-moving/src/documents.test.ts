import { describe, expect, it } from 'vitest';
import { allOf, piecesOf } from '../test/reading.ts';
import { entriesOf } from './documents.ts';
import { MAX_LINE_BYTES } from './lines.ts';

const read = (text: string, places = ['users[]'], size?: number) =>
  allOf(entriesOf(piecesOf(text, size), places));
const values = async (...given: Parameters<typeof read>) =>
  (await read(...given)).map((entry) => ('value' in entry ? entry.value : entry.faults));

describe('entries of JSON', () => {
  const hard = { a: '}]"\\', b: '\u00e4\u{1f511}', c: [{}, [{ users: [] }]], d: -1.5e3, e: null };

  it.each([1, 2, 3, 5, 1000])('are read whole from pieces of %i octets', async (size) => {
    const text = JSON.stringify({
      id: '{"users":[',
      deep: { users: [{}] },
      users: [hard, {}, hard],
    });
    expect(await read(text, ['users[]'], size)).toEqual([
      { line: 1, value: hard },
      { line: 2, value: {} },
      { line: 3, value: hard },
    ]);
  });

  it.each([
    ['users[]', '{"users":[{"n":1}]}'],
    [
      'users[]',
      '\ufeff \n{ "x" : [ 1 , true , "users" ] , "users" : [ { "n" : 1 } ] , "y" : { } }\n',
    ],
    ['[].users[]', '[{"realm":"a","users":[{"n":1}]},{"users":[]}]'],
    ['orgs[].humanUsers[]', '{"orgs":[{"users":[{}]},{"humanUsers":[{"n":1}]}]}'],
    ['[]', '[{"n":1}]'],
    ['[]', '[]\n[{"n":1}]'],
    ['', '{"n":1}'],
  ])('are found at %s', async (place, text) => {
    expect(await values(text, [place])).toEqual([{ n: 1 }]);
  });

  it('are those of several texts that follow upon each other', async () => {
    expect(await values('[{"n":1}][{"n":2}]\n{"n":3}{"n":4}', ['[]', ''])).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 3 },
      { n: 4 },
    ]);
  });

  it('that are no JSON are told by their number, and the others are read', async () => {
    expect(await read('{"users":[{"n":1},{"n":},{"n":3}]}')).toEqual([
      { line: 1, value: { n: 1 } },
      { line: 2, faults: ['is not JSON'] },
      { line: 3, value: { n: 3 } },
    ]);
  });

  it('that are too long are told and passed over', async () => {
    const text = JSON.stringify({ users: [{ a: 'x'.repeat(MAX_LINE_BYTES) }, { n: 2 }] });
    expect(await read(text, ['users[]'], 65_536)).toEqual([
      { line: 1, faults: [`is longer than ${MAX_LINE_BYTES} octets`] },
      { line: 2, value: { n: 2 } },
    ]);
  });

  it.each([
    ['{"users":[{"n":1}', 'The input ends in the middle of its JSON.'],
    ['{"users":[{"n":"', 'The input ends in the middle of its JSON.'],
    ['{"users":[{"n":1}]', 'The input ends in the middle of its JSON.'],
    ['{"users":[{"n":1}]]', 'The input is no JSON.'],
    ['id,email\n', 'The input is no JSON.'],
    ['{"users":[1]}', 'The input is not such an export: one of its entries is no object.'],
    ['{"users":[[]]}', 'The input is not such an export: one of its entries is no object.'],
    ['{"realm":"a"}', 'The input is not such an export: it has no users[].'],
    ['', 'The input is not such an export: it has no users[].'],
    ['['.repeat(1000), 'The input is no JSON.'],
  ])('are not looked for in %s', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('may be none', async () => {
    expect(await read('{"users":[]}')).toEqual([]);
  });
});
