import { secretsContract } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { Secret } from 'otpauth';
import { describe, expect, test } from 'vitest';
import { aSecret, known, listOf } from '../test/keys.ts';
import { secrets } from './secrets.ts';

secretsContract('the key file', async () => secrets(listOf(known), listOf(known)));

const OWNER = 'seed of key 7';

describe('a secret', () => {
  test('is 32 random bytes in base64url after its prefix', () => {
    const { generate } = secrets(listOf(known), listOf(known));
    const made = Array.from({ length: 100 }, () => generate('rks_'));
    for (const secret of made) {
      expect(secret).toMatch(/^rks_[\w-]{43}$/);
      expect(Buffer.from(secret.slice(4), 'base64url')).toHaveLength(32);
    }
    expect(new Set(made).size).toBe(100);
  });

  test('has its SHA-256 as digest', () => {
    // FIPS 180-4, the example "abc".
    const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(secrets(listOf(known), listOf(known)).digest('abc')).toBe(
      Buffer.from(hex, 'hex').toString('base64url'),
    );
  });
});

describe('a TOTP seed', () => {
  test('is 20 random bytes in base32 without padding', () => {
    const { generateTotpSeed } = secrets(listOf(known), listOf(known));
    const made = Array.from({ length: 100 }, generateTotpSeed);
    for (const seed of made) {
      expect(seed).toMatch(/^[A-Z2-7]{32}$/);
      expect(Secret.fromBase32(seed).bytes).toHaveLength(20);
    }
    expect(new Set(made).size).toBe(100);
  });
});

describe('a blind index', () => {
  test('takes a secret of the key file to make, and is found again after a rotation', () => {
    const seed = 'JBSWY3DPEHPK3PXP';
    const [index] = secrets(listOf(known), listOf(known)).blindIndexes(seed);
    const rotated = secrets(listOf(aSecret('k2'), known), listOf(known)).blindIndexes(seed);
    expect(rotated).toEqual([expect.any(String), index]);
    expect(rotated[0]).not.toBe(index);
  });
});

describe('a sealed text', () => {
  test('opens to what was sealed, and is another one each time', () => {
    const { seal, unseal } = secrets(listOf(known), listOf(known));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = seal(text, OWNER);
        expect(unseal(sealed, OWNER)).toBe(text);
        expect(seal(text, OWNER)).not.toBe(sealed);
      }),
    );
  });

  test('is AES-256-GCM, bound to its kid and its owner', () => {
    // Made with node:crypto alone: nonce 0707…07, associated data `rks1.k1 seed of key 7`.
    const sealed = 'rks1.k1.BwcHBwcHBwcHBwcHRSj1CzY8k6SD1UPLswGsy-7DioY7yYFb3LPrMqiI31w';
    expect(secrets(listOf(known), listOf(known)).unseal(sealed, OWNER)).toBe('JBSWY3DPEHPK3PXP');
  });

  test('opens with an older key', () => {
    const sealed = secrets(listOf(known), listOf(known)).seal('seed', OWNER);
    expect(secrets(listOf(aSecret('k2'), known), listOf(known)).unseal(sealed, OWNER)).toBe('seed');
  });

  test('does not open under another name of its key', () => {
    const sealed = secrets(listOf(known), listOf(known)).seal('seed', OWNER);
    const renamed = { ...known, kid: 'k2' };
    expect(() =>
      secrets(listOf(renamed), listOf(known)).unseal(sealed.replace('.k1.', '.k2.'), OWNER),
    ).toThrow('not sealed');
  });

  test('does not open without its key', () => {
    const sealed = secrets(listOf(known), listOf(known)).seal('seed', OWNER);
    expect(() => secrets(listOf(aSecret('k1')), listOf(known)).unseal(sealed, OWNER)).toThrow(
      'not sealed',
    );
    expect(() => secrets(listOf(aSecret('k2')), listOf(known)).unseal(sealed, OWNER)).toThrow(
      'not sealed',
    );
  });

  test('does not open once anything of it was changed', () => {
    const { seal, unseal } = secrets(listOf(known), listOf(known));
    const sealed = seal('seed', OWNER);
    fc.assert(
      fc.property(
        fc.nat({ max: sealed.length }),
        fc.string({ unit: 'grapheme', maxLength: 2 }),
        (at, text) => {
          const changed = sealed.slice(0, at) + text + sealed.slice(at + 1);
          fc.pre(changed !== sealed);
          expect(() => unseal(changed, OWNER)).toThrow('not sealed');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    // The last letter of 43 has two bits that no byte takes.
    [
      'with unused bits set',
      (sealed: string) =>
        sealed.slice(0, -1) + String.fromCharCode(sealed.charCodeAt(sealed.length - 1) + 1),
    ],
    ['with no room for a nonce', () => 'rks1.k1.AAAA'],
    ['with no room for a tag', () => `rks1.k1.${'A'.repeat(20)}`],
  ])('does not open %s', (_how, change) => {
    const { seal, unseal } = secrets(listOf(known), listOf(known));
    expect(() => unseal(change(seal('seed', OWNER)), OWNER)).toThrow('not sealed');
  });

  test('is no other text whatever, and the error does not repeat it', () => {
    const { unseal } = secrets(listOf(known), listOf(known));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => unseal(text, OWNER)).toThrow(
          /^this was not sealed for that with a key of the key file$/,
        );
      }),
    );
  });
});
