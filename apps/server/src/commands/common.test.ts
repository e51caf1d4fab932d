import { expect, test, vi } from 'vitest';
import { table } from './common.ts';

const rows = [
  ['ok', 'ada@example.com', '7'],
  ['FAIL', 'b@example.com', '10'],
];
const names = ['', 'TO', 'TRIES'];

test('columns are in line, and numbers end in line', () => {
  vi.stubEnv('NO_COLOR', '1');
  expect(table(rows, names)).toEqual([
    '      TO               TRIES',
    'ok    ada@example.com      7',
    'FAIL  b@example.com       10',
  ]);
});

test('a table of nothing is its names', () => {
  vi.stubEnv('NO_COLOR', '1');
  expect([table([]), table([], ['A', 'B'])]).toEqual([[], ['A  B']]);
});

test('colour is for whoever wants it, and changes no column', () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', '1');
  const [head = '', ok = '', failed = ''] = table(rows, names);
  const sign = '\u001b';
  expect(head).toContain(`${sign}[1mTO `);
  expect(ok.startsWith(`${sign}[32mok  ${sign}[39m  ada`)).toBe(true);
  expect(failed.startsWith(`${sign}[31mFAIL${sign}[39m  b@`)).toBe(true);
});

test.skipIf(process.stdout.isTTY)('what is no terminal gets no colour', () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
  expect(table(rows).join()).not.toContain('\u001b');
});
