import { describe, expect, it } from 'vitest';
import { bearerIn, keyIn, userCredentialIn } from './credentials.ts';

describe('the credential of a user in a header', () => {
  it.each([
    ['rku_abc', 'key', 'rku_abc'],
    ['key rku_abc', 'key', 'rku_abc'],
    ['KEY   rku_abc', 'key', 'rku_abc'],
    ['token a.b.c', 'token', 'a.b.c'],
    ['Token a.b.c', 'token', 'a.b.c'],
    ['bearer a.b.c', 'either', 'a.b.c'],
    ['Bearer rku_abc', 'either', 'rku_abc'],
    ['a.b.c', 'key', 'a.b.c'],
  ] as const)('is read from %s', (header, kind, value) => {
    expect(userCredentialIn(header)).toStrictEqual({ kind, value });
  });

  it.each([
    '',
    ' ',
    'token',
    'Basic rku_abc=',
    'key rku_abc, key rku_abc',
    'token a.b.c d',
    `key ${'x'.repeat(4096)}`,
    ['rku_abc', 'rku_abc'],
    undefined,
  ])('is not read from %s', (header) => {
    // A word alone is taken for a key, which no key is.
    const found = userCredentialIn(header);
    if (header === 'token') expect(found).toStrictEqual({ kind: 'key', value: 'token' });
    else expect(found).toBeNull();
  });
});

describe('a key and a bearer token in a header', () => {
  it('are told by the scheme', () => {
    expect(keyIn('rks_abc')).toBe('rks_abc');
    expect(keyIn('Key rks_abc')).toBe('rks_abc');
    expect(keyIn('token rks_abc')).toBeNull();
    expect(bearerIn('Bearer a.b.c')).toBe('a.b.c');
    expect(bearerIn('a.b.c')).toBeNull();
    expect(keyIn('x'.repeat(4097))).toBeNull();
  });
});
