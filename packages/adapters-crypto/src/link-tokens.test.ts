import { purposes } from '@rekey/domain';
import { linkTokensContract } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aSecret, known, listOf } from '../test/keys.ts';
import { linkTokens } from './link-tokens.ts';

const id = '01900000-0000-7000-8000-000000000001';
// The MACs were made with Python's hmac over `rekey link v1:`, the purpose, a colon and the id.
const token = `rkl_k1.update_password.${id}.m4-ewcUIh1X62XY4yzAO5Q0j1zqV1Ob2QcbqGSrQ8dE`;
const otherToken = `rkl_k1.factor_change.${id}.dGyfv0bHw8JF8d040EDctQJFaCTW_UCMdvaONwBWk8Y`;
const right = { id, purpose: 'update_password', keyId: 'k1' } as const;

linkTokensContract('the key file', async () => ({
  linkTokens: linkTokens(listOf(known)),
  rotated: linkTokens(listOf(aSecret('k2'), known)),
  stranger: linkTokens(listOf(aSecret('k1'))),
}));

describe('the token of a link', () => {
  test('is the kid, the purpose, the id and a MAC over purpose and id, the same each time', () => {
    const tokens = linkTokens(listOf(known));
    expect(tokens.make(right)).toBe(token);
    expect(tokens.verify(token)).toEqual({ id, purpose: 'update_password' });
    expect(tokens.make({ ...right, purpose: 'factor_change' })).toBe(otherToken);
    expect(tokens.verify(otherToken)).toEqual({ id, purpose: 'factor_change' });
  });

  test('needs no escaping in a URL, and does not end in punctuation', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), fc.constantFrom(...purposes), (uuid, purpose) => {
        const tokens = linkTokens(listOf(aSecret('a-_Z')));
        const made = tokens.make({ id: uuid, purpose, keyId: 'a-_Z' });
        expect(encodeURIComponent(made)).toBe(made);
        expect(made).toMatch(/[A-Za-z0-9]$/);
        expect(tokens.verify(made)).toEqual({ id: uuid, purpose });
      }),
    );
  });

  test('is made with the secret that the right names, whatever is current', () => {
    const tokens = linkTokens(listOf(aSecret('k2'), known));
    expect(tokens.currentKeyId()).toBe('k2');
    expect(tokens.make(right)).toBe(token);
    expect(tokens.verify(token)).toEqual({ id, purpose: 'update_password' });
    const newer = tokens.make({ ...right, keyId: 'k2' });
    expect(newer).not.toBe(token);
    expect(tokens.verify(newer)).toEqual({ id, purpose: 'update_password' });
  });

  test('cannot be made where its secret is gone', () => {
    expect(() => linkTokens(listOf(known)).make({ ...right, keyId: 'k0' })).toThrow(
      'no link secret k0',
    );
  });

  test('is not right under another secret of the same kid, or with a kid that is gone', () => {
    expect(linkTokens(listOf(aSecret('k1'))).verify(token)).toBeNull();
    expect(linkTokens(listOf(aSecret('k2'))).verify(token)).toBeNull();
  });

  test.each([
    ['another id', token.replace('000001.', '000002.')],
    ['another purpose', token.replace('update_password', 'factor_change')],
    ['a purpose that there is not', token.replace('update_password', 'reset_password')],
  ])('does not speak for %s', (_what, other) => {
    expect(other).not.toBe(token);
    expect(linkTokens(listOf(known)).verify(other)).toBeNull();
  });

  test.each([
    ['in capitals', token.replace('rkl_', 'RKL_')],
    ['with a purpose in capitals', token.replace('update_password', 'UPDATE_PASSWORD')],
    ['with an id in capitals', token.replace(id, `${'A'.repeat(8)}${id.slice(8)}`)],
    ['with unused bits set', `${token.slice(0, -1)}F`],
    ['with padding', `${token}=`],
    ['with a line break', `${token}\n`],
    ['with a space', ` ${token}`],
    ['in plain base64', token.replace('m4-ew', 'm4+ew')],
    ['without a purpose', token.replace('update_password.', '')],
    ['cut', token.slice(0, -1)],
    ['empty', ''],
  ])('is worth nothing %s', (_how, text) => {
    expect(text).not.toBe(token);
    expect(linkTokens(listOf(known)).verify(text)).toBeNull();
  });

  test('is worth nothing with any one character changed', () => {
    const tokens = linkTokens(listOf(known, aSecret('k2')));
    fc.assert(
      fc.property(
        fc.nat({ max: token.length - 1 }),
        fc.string({ unit: 'grapheme', maxLength: 2 }),
        (at, text) => {
          const changed = token.slice(0, at) + text + token.slice(at + 1);
          fc.pre(changed !== token);
          expect(tokens.verify(changed)).toBeNull();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is no other text whatever', () => {
    const tokens = linkTokens(listOf(known));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tokens.verify(text)).toBeNull();
      }),
    );
  });
});
