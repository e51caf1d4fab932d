import { PassThrough } from 'node:stream';
import { skips } from '@rekey/usecases/testing';
import { InvalidArgumentError } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import { confirmed, onWire, table, WrongUsage, wholeNumber } from './common.ts';

const rows = [
  ['ok', 'ada@example.com', '7'],
  ['FAIL', 'b@example.com', '10'],
];
const names = ['', 'TO', 'TRIES'];

test('columns of a table are aligned, and numbers to the right', () => {
  vi.stubEnv('NO_COLOR', '1');
  expect(table(rows, names)).toEqual([
    '      TO               TRIES',
    'ok    ada@example.com      7',
    'FAIL  b@example.com       10',
  ]);
});

test('a table without rows is the names of its columns', () => {
  vi.stubEnv('NO_COLOR', '1');
  expect([table([]), table([], ['A', 'B'])]).toEqual([[], ['A  B']]);
});

test('FORCE_COLOR colours a table, and moves no column', () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', '1');
  const [head = '', ok = '', failed = ''] = table(rows, names);
  const sign = '\u001b';
  expect(head).toContain(`${sign}[1mTO `);
  expect(ok.startsWith(`${sign}[32mok  ${sign}[39m  ada`)).toBe(true);
  expect(failed.startsWith(`${sign}[31mFAIL${sign}[39m  b@`)).toBe(true);
});

test.skipIf(skips(process.stdout.isTTY, 'the output is a terminal'))(
  'an output that is no terminal gets no colour',
  () => {
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('FORCE_COLOR', undefined);
    expect(table(rows).join()).not.toContain('\u001b');
  },
);

test('an entity on the wire has names in snake_case and times in RFC 3339', () => {
  expect(
    onWire({ id: 'a', dueAt: 0, closedAt: null, deadline: 1000, userAllowRegister: true }),
  ).toEqual({
    id: 'a',
    due_at: '1970-01-01T00:00:00.000Z',
    closed_at: null,
    deadline: '1970-01-01T00:00:01.000Z',
    user_allow_register: true,
  });
});

test.each(['1', '50', '10000'])('%s is a whole number from 1 to 10000', (text) => {
  expect(wholeNumber(1, 10_000)(text)).toBe(Number(text));
});

test.each(['0', '10001', '-1', '1.5', '1e3', '0x10', ' 1', 'x', ''])(
  '%j is no whole number from 1 to 10000',
  (text) => {
    expect(() => wholeNumber(1, 10_000)(text)).toThrow(InvalidArgumentError);
  },
);

describe('a question before what cannot be undone', () => {
  const terminal = (typed: string, { isTTY = true } = {}) => {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = Object.assign(new PassThrough(), { isTTY });
    input.end(typed);
    return { input, output, asked: () => String(output.read() ?? '') };
  };

  test.each(['y\n', 'Y\n', ' yes \n'])('is answered yes by %j', async (typed) => {
    const { asked, ...streams } = terminal(typed);
    await expect(confirmed('Delete Ada?', {}, streams)).resolves.toBeUndefined();
    expect(asked()).toContain('Delete Ada? [y/N] ');
  });

  test.each(['\n', 'n\n', 'yesterday\n', ''])('is answered no by %j', async (typed) => {
    await expect(confirmed('Delete Ada?', {}, terminal(typed))).rejects.toThrow('nothing was done');
  });

  test('is not asked where the command line says yes', async () => {
    const { asked, ...streams } = terminal('n\n', { isTTY: false });
    await expect(confirmed('Delete Ada?', { yes: true }, streams)).resolves.toBeUndefined();
    expect(asked()).toBe('');
  });

  test.each(['input', 'output'] as const)(
    'is wrong usage where the %s is no terminal',
    async (stream) => {
      const streams = terminal('y\n');
      streams[stream].isTTY = false;
      await expect(confirmed('Delete Ada?', {}, streams)).rejects.toBeInstanceOf(WrongUsage);
      expect(streams.asked()).toBe('');
    },
  );
});
