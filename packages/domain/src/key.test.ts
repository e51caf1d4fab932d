import { describe, expect, test } from 'vitest';
import { IllegalArgument, outlives, parseExpiry, parseScopes, prefixOf } from './index.ts';

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    if (error instanceof IllegalArgument) return error.violations.map(({ code }) => code);
    throw error;
  }
  return 'fine';
};

describe('scopes', () => {
  test('are kept in the order that they were given in', () => {
    for (const scopes of [[], ['b', 'a'], ['orders:read', 'https://shop.example/x?y#z'], ['~']]) {
      expect(parseScopes(scopes)).toEqual(scopes);
    }
    const most = Array.from({ length: 50 }, (_, place) => `${place}`.padStart(64, 'x'));
    expect(parseScopes(most)).toEqual(most);
  });

  test.each([
    ['empty', ['']],
    ['of more than 64 characters', ['x'.repeat(65)]],
    ['with a space', ['a b']],
    ['with a line break', ['a\n']],
    ['with a letter beyond ASCII', ['größe']],
    ['with a character that is not seen', ['a\u200b']],
  ])('are refused where one is %s', (_what, scopes) => {
    expect(codeOf(() => parseScopes(['fine', ...scopes]))).toEqual(['malformed']);
  });

  test('are refused where there are more than 50, or one comes twice', () => {
    const many = Array.from({ length: 51 }, (_, place) => `s${place}`);
    expect(codeOf(() => parseScopes(many))).toEqual(['out_of_range']);
    expect(codeOf(() => parseScopes(['a', 'b', 'a']))).toEqual(['repeated']);
  });
});

describe('the expiry of a key', () => {
  const NOW = Date.UTC(2026, 0, 2);

  test.each([
    ['2026-01-02T00:00:00.001Z', NOW + 1],
    ['2026-01-02T01:00:00+00:59', NOW + 60_000],
    ['2026-01-03t00:00:00z', NOW + 86_400_000],
    ['2026-01-01T23:00:01.5-01:00', NOW + 1500],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
    ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('%s is a time', (text, instant) => {
    expect(parseExpiry(text, NOW)).toBe(instant);
  });

  test.each([
    '',
    'never',
    '1769855400',
    '2027-01-01',
    '2027-01-01T00:00:00',
    '2027-01-01 00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2027-04-31T00:00:00Z',
    '2027-00-10T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-01T24:00:00Z',
    '2027-01-01T00:60:00Z',
    '2027-01-01T00:00:60Z',
    '2027-01-01T00:00:00+24:00',
    '2027-01-01T00:00:00+0100',
    '+002027-01-01T00:00:00Z',
    ' 2027-01-01T00:00:00Z',
    '2027-01-01T00:00:00Z\n',
  ])('%j is none', (text) => {
    expect(codeOf(() => parseExpiry(text, NOW))).toEqual(['malformed']);
  });

  test('is to come, and in a year of four digits', () => {
    expect(codeOf(() => parseExpiry('2026-01-02T00:00:00Z', NOW))).toEqual(['past']);
    expect(codeOf(() => parseExpiry('0000-01-01T00:00:00Z', NOW))).toEqual(['past']);
    expect(codeOf(() => parseExpiry('9999-12-31T23:59:59-00:01', NOW))).toEqual(['out_of_range']);
  });

  test('compares keys: one that never expires outlives every other, and every key itself', () => {
    const ends = [null, 20, 10];
    const table = ends.map((expiresAt) =>
      ends.map((other) => outlives({ expiresAt }, { expiresAt: other })),
    );
    expect(table).toEqual([
      [true, true, true],
      [false, true, true],
      [false, false, true],
    ]);
  });
});

test('a value shows eight characters of itself', () => {
  expect(prefixOf('rku_abcdefghijk')).toBe('abcdefgh');
});
