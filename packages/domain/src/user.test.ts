import { describe, expect, test } from 'vitest';
import type { IllegalArgument } from './errors.ts';
import { folded } from './text.ts';
import { MAX_ATTRIBUTES_BYTES, parseAttributes, parseSearch } from './user.ts';

const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as IllegalArgument).violations.map(({ field, code }) => [field, code]);
  }
  return null;
};

describe('attributes', () => {
  test.each([
    {},
    { plan: 'pro', seats: 3, isTrial: false, until: null, ключ: 'значение', '': '' },
    JSON.parse('{"__proto__": "a", "constructor": 1, "toString": true}'),
    JSON.parse(String.raw`{"a": "\ud800", "b": "\u0000", "c": -1.5e-7}`),
  ])('are kept as they are given: %j', (given) => {
    expect(parseAttributes(given)).toEqual(given);
  });

  test.each([[null], [[]], ['{}'], [{ a: {} }], [{ a: [] }], [{ a: [1] }]])(
    'are a flat object of what JSON can say, and not %j',
    (given) => {
      expect(codeOf(() => parseAttributes(given))).toEqual([['attributes', 'malformed']]);
    },
  );

  test.each([
    '9007199254740993',
    '9007199254740992',
    '-9007199254740992',
    '9007199254740993.0',
    '1e20',
    '1e999',
  ])('have no number that would be changed in silence, such as %s', (literal) => {
    const given = JSON.parse(`{"a": ${literal}}`);
    expect(codeOf(() => parseAttributes(given))).toEqual([['attributes', 'out_of_range']]);
  });

  test.each(['9007199254740991', '-9007199254740991', '0.1', '-1.5e-7', '"9007199254740993"'])(
    'have every other number, and any as a text, such as %s',
    (literal) => {
      const given = JSON.parse(`{"a": ${literal}}`);
      expect(parseAttributes(given)).toEqual(given);
    },
  );

  test('are 4 KiB of JSON at most, counted in UTF-8', () => {
    const frame = JSON.stringify({ a: '' }).length;
    const full = 'é'.repeat((MAX_ATTRIBUTES_BYTES - frame) / 2);
    expect(parseAttributes({ a: full })).toEqual({ a: full });
    expect(codeOf(() => parseAttributes({ a: `${full}x` }))).toEqual([['attributes', 'too_long']]);
  });
});

describe('the folded form', () => {
  test.each([
    ['ADA', 'ada'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['ﬁsh', 'FISH'],
    ['Ａｄａ', 'ada'],
    ['cafe\u0301', 'CAF\u00c9'],
  ])('of %s is that of %s', (one, other) => {
    expect(folded(one)).toBe(folded(other));
  });

  test.each([
    ['cafe', 'café'],
    ['ada', 'ada '],
  ])('of %s is not that of %s', (one, other) => {
    expect(folded(one)).not.toBe(folded(other));
  });

  test('begins as the folded form of its beginning', () => {
    for (const text of ['Ada Lovelace', 'ΟΔΟΣ ΟΔΟΣ', 'Straße', 'Åsa Ñandú']) {
      for (let length = 1; length <= text.length; length += 1) {
        const whole = folded(text);
        expect(whole.startsWith(folded(text.slice(0, length)))).toBe(true);
      }
    }
  });

  test('has room in an index, whatever it is made of', () => {
    expect(folded('\ufdfa'.repeat(100)).length).toBeLessThanOrEqual(254);
  });

  test('of a letter comes after an underscore', () => {
    for (const letter of ['a', 'A', 'z', 'Ä', 'я']) expect(folded(letter) > folded('_')).toBe(true);
  });
});

test.each(['a', ' a', 'x'.repeat(254)])('%s can be searched', (text) => {
  expect(parseSearch(text)).toBe(text);
});

test.each(['', ' ', '\ud800', 'x'.repeat(2000)])('%j cannot be searched', (text) => {
  expect(codeOf(() => parseSearch(text))).toEqual([['search', 'malformed']]);
});
