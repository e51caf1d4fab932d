import { describe, expect, it } from 'vitest';
import { seed } from '../test/exports.ts';
import { flagOf, idOf, localeOf, seedOf, seedOfUrl, timeOf } from './fields.ts';

describe('a seed', () => {
  it.each([seed, ` ${seed.toLowerCase()}==== `, 'GEZD GNBV GY3T QOJQ GEZD-GNBV-GY3T-QOJQ'])(
    'is the same however it is written: %s',
    (text) => {
      expect(seedOf(text)).toBe(seed);
    },
  );

  it.each([undefined, '', '018', 'x--y', 7])('is not what is no base32: %s', (text) => {
    expect(seedOf(text)).toBeUndefined();
  });

  it.each(['', '&digits=6&period=30&algorithm=SHA1', '&algorithm=HmacSHA1'])(
    'is in a URL with the usual codes: %s',
    (parameters) => {
      expect(seedOfUrl(`otpauth://totp/Shop:ada?secret=${seed}${parameters}`)).toBe(seed);
    },
  );

  it.each([
    `otpauth://totp/a?secret=${seed}&digits=8`,
    `otpauth://totp/a?secret=${seed}&period=60`,
    `otpauth://totp/a?secret=${seed}&algorithm=SHA512`,
    `otpauth://hotp/a?secret=${seed}`,
    'otpauth://totp/a',
    'otpauth://totp/[',
    seed,
  ])('is not in a URL with other codes, or in none: %s', (url) => {
    expect(seedOfUrl(url)).toBeUndefined();
  });
});

describe('a time', () => {
  it.each([
    '2024-05-01T12:00:00+02:00',
    '2024-05-01 12:00:00.000+02',
    '2024-05-01 10:00:00',
    '2024-05-01T10:00:00Z',
    '1714557600000',
    1_714_557_600_000,
  ])('is one of RFC 3339 in UTC: %s', (text) => {
    expect(timeOf(text)).toBe('2024-05-01T10:00:00.000Z');
  });

  it.each(['', 'infinity', 'yesterday', '999999999999999', null, {}, Number.NaN])(
    'is not %s',
    (text) => {
      expect(timeOf(text)).toBeUndefined();
    },
  );
});

it.each([
  [true, true],
  [1, true],
  ['t', true],
  ['true', true],
  [0, false],
  ['f', false],
  ['', undefined],
  [null, undefined],
  ['yes', undefined],
])('the flag %s is %s', (value, flag) => {
  expect(flagOf(value)).toBe(flag);
});

it.each([
  ['EN_us', 'en-US'],
  ['und', undefined],
  ['?', undefined],
  ['x'.repeat(100), undefined],
])('the language %s is %s', (text, tag) => {
  expect(localeOf(text)).toBe(tag);
});

it.each([
  ['5F86C319-0000-4000-8000-000000000001', { id: '5f86c319-0000-4000-8000-000000000001' }],
  ['auth0|1', { attributes: { old_id: 'auth0|1' } }],
  [7, { attributes: { old_id: 7 } }],
  [null, {}],
  [{}, {}],
])('of the id %s there is %s', (id, kept) => {
  expect(idOf('old', id)).toEqual(kept);
});
