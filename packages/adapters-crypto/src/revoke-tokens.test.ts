import { createSecretKey, randomBytes } from 'node:crypto';
import { revokeTokensContract } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileKey, KeyList } from './key-file.ts';
import { revokeTokens } from './revoke-tokens.ts';

const aSecret = (kid: string, bytes: Uint8Array = randomBytes(32)): FileKey => ({
  kid,
  createdAt: 0,
  key: createSecretKey(bytes),
});
const listOf =
  (...keys: KeyList) =>
  () =>
    keys;
const known = aSecret(
  'k1',
  Uint8Array.from({ length: 32 }, (_, index) => index),
);
const id = '01900000-0000-7000-8000-000000000001';
// The MAC was made with Python's hmac over `rekey revoke v1:` and the id.
const token = `rkv_k1.${id}.YpUb0-3v0YFiKZ5sBiWw_ayjqn9DLnASNt12XRdakl8`;

revokeTokensContract('the key file', async () => ({
  revokeTokens: revokeTokens(listOf(known)),
  rotated: revokeTokens(listOf(aSecret('k2'), known)),
  stranger: revokeTokens(listOf(aSecret('k1'))),
}));

describe('a revoke token', () => {
  test('is the kid, the id of the change and their MAC, the same each time', () => {
    const tokens = revokeTokens(listOf(known));
    expect(tokens.make({ id, revokeKeyId: 'k1' })).toBe(token);
    expect(tokens.verify(token)).toBe(id);
  });

  test('needs no escaping in a URL, and does not end in punctuation', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), (change) => {
        const made = revokeTokens(listOf(aSecret('a-_Z'))).make({
          id: change,
          revokeKeyId: 'a-_Z',
        });
        expect(encodeURIComponent(made)).toBe(made);
        expect(made).toMatch(/[A-Za-z0-9]$/);
      }),
    );
  });

  test('is made with the secret that the change names, whatever is current', () => {
    const tokens = revokeTokens(listOf(aSecret('k2'), known));
    expect(tokens.currentKeyId()).toBe('k2');
    expect(tokens.make({ id, revokeKeyId: 'k1' })).toBe(token);
    expect(tokens.verify(token)).toBe(id);
    const newer = tokens.make({ id, revokeKeyId: 'k2' });
    expect(newer).not.toBe(token);
    expect(tokens.verify(newer)).toBe(id);
  });

  test('cannot be made where its secret is gone', () => {
    expect(() => revokeTokens(listOf(known)).make({ id, revokeKeyId: 'k0' })).toThrow(
      'no revoke secret',
    );
  });

  test('is not right under another secret of the same kid, or with a kid that is gone', () => {
    expect(revokeTokens(listOf(aSecret('k1'))).verify(token)).toBe(null);
    expect(revokeTokens(listOf(aSecret('k2'))).verify(token)).toBe(null);
  });

  test('does not speak for another change', () => {
    const other = token.replace('000001.', '000002.');
    expect(other).not.toBe(token);
    expect(revokeTokens(listOf(known)).verify(other)).toBe(null);
  });

  test.each([
    ['in capitals', token.replace('rkv_', 'RKV_')],
    ['with an id in capitals', `rkv_k1.${'A'.repeat(8)}${id.slice(8)}${token.slice(-44)}`],
    ['with unused bits set', `${token.slice(0, -1)}9`],
    ['with padding', `${token}=`],
    ['with a line break', `${token}\n`],
    ['with a space', ` ${token}`],
    ['in plain base64', token.replace('YpUb0-3v0YFiKZ5sBiWw_', 'YpUb0+3v0YFiKZ5sBiWw/')],
    ['cut', token.slice(0, -1)],
    ['empty', ''],
  ])('is worth nothing %s', (_how, text) => {
    expect(text).not.toBe(token);
    expect(revokeTokens(listOf(known)).verify(text)).toBe(null);
  });

  test('is worth nothing with any one character changed', () => {
    const tokens = revokeTokens(listOf(known, aSecret('k2')));
    fc.assert(
      fc.property(
        fc.nat({ max: token.length - 1 }),
        fc.string({ unit: 'grapheme', maxLength: 2 }),
        (at, text) => {
          const changed = token.slice(0, at) + text + token.slice(at + 1);
          fc.pre(changed !== token);
          expect(tokens.verify(changed)).toBe(null);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is no other text whatever', () => {
    const tokens = revokeTokens(listOf(known));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tokens.verify(text)).toBe(null);
      }),
    );
  });
});
