import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkPasswordDiffers,
  checkPasswordLength,
  checkPasswordQuality,
  IllegalArgument,
  normalizePassword,
  type PasswordPolicy,
  type PasswordQuality,
  passwordPolicies,
  type Violation,
} from './index.ts';

const normalize = (text: string) => normalizePassword(text, 'password');

function refusalsOf(check: () => unknown): readonly Violation[] {
  try {
    check();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(IllegalArgument);
    return (error as IllegalArgument).violations;
  }
}

describe('the form of a password that is hashed', () => {
  test('does not depend on whether accents are part of the letter or follow it', () => {
    expect(normalize('cafe\u0301 noir')).toBe('café noir');
    expect(normalize('\u212b')).toBe('å'.toUpperCase());
  });

  test.each([
    ['a ligature', 'ﬁsh', 'fish'],
    ['full-width letters', 'ｐａｓｓ', 'pass'],
    ['a superscript', 'x²', 'x2'],
    ['case', 'Secret', 'secret'],
    ['a space at the end', 'secret ', 'secret'],
    ['a space at the start', ' secret', 'secret'],
    ['a line feed at the end', 'secret\n', 'secret'],
    ['a no-break space', 'a\u00a0b', 'a b'],
    ['a zero-width space', 'a\u200bb', 'ab'],
    ['a byte order mark', '\ufeffab', 'ab'],
    ['the text after a NUL', 'a\0b', 'a\0c'],
    ['the 129th character', 'a'.repeat(128), 'a'.repeat(129)],
  ])('keeps what makes a difference: %s', (_what, one, other) => {
    expect(normalize(one)).toBe(one);
    expect(normalize(one)).not.toBe(normalize(other));
  });

  test('is of 128 characters at most, however many parts they are sent in', () => {
    // Four code points that are one character: no other character is sent in more.
    const parts = '\u03b1\u0313\u0300\u0345';
    expect(normalize(parts.repeat(128))).toBe('\u1f82'.repeat(128));
    expect(refusalsOf(() => normalize(`${parts.repeat(128)}a`))[0]?.code).toBe('too_long');
    expect(normalize('a'.repeat(512))).toHaveLength(512);
  });

  test('differs for passwords that differ by more than normalization', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(one.normalize('NFD') !== other.normalize('NFD'));
        expect(normalize(one)).not.toBe(normalize(other));
      }),
    );
  });

  test.each([
    ['a high surrogate alone', 'secret\ud83d'],
    ['a low surrogate alone', '\udc00secret'],
    ['a pair in the wrong order', 'sec\udc00\ud83dret'],
  ])('there is none for %s', (_what, text) => {
    expect(refusalsOf(() => normalize(text))[0]?.code).toBe('malformed');
  });
});

describe('the length of a password', () => {
  const judge = (password: string, policy: PasswordPolicy) =>
    refusalsOf(() => checkPasswordLength(password, policy, 'password'))[0]?.code ?? 'fine';

  test.each([
    ['compat', 8],
    ['standard', 8],
    ['nist', 15],
  ] as const)('under %s is %i to 128 code points', (policy, least) => {
    // One, two and four UTF-16 units a character, counted as one each.
    for (const char of ['a', '猫', '🦉']) {
      expect(judge(char.repeat(least - 1), policy)).toBe('too_short');
      expect(judge(char.repeat(least), policy)).toBe('fine');
      expect(judge(char.repeat(128), policy)).toBe('fine');
      expect(judge(char.repeat(129), policy)).toBe('too_long');
    }
  });

  test('counts spaces and control characters like all others', () => {
    expect(judge(' '.repeat(8), 'compat')).toBe('fine');
    expect(judge('\0\n\r\t\u0007   ', 'compat')).toBe('fine');
  });
});

test('a new password differs from the current one', () => {
  const refusals = (password: string) =>
    refusalsOf(() => checkPasswordDiffers(password, 'the current one', 'newPassword'));
  expect(refusals('the current one')).toMatchObject([
    { field: 'newPassword', code: 'same_as_current' },
  ]);
  expect(refusalsOf(() => checkPasswordDiffers('cafe\u0301', 'café', 'password'))).toHaveLength(1);
  expect(refusals('The current one')).toEqual([]);
  expect(refusals('the current one ')).toEqual([]);
});

describe('the quality of a password', () => {
  const strong: PasswordQuality = { strength: 4, isPwned: false };
  const judge = (
    password: string,
    policy: PasswordPolicy,
    quality = strong,
    context: Partial<{ email: string; serviceName: string }> = {},
  ) => {
    const known = { email: 'ada.l@example.com', serviceName: 'Blue Shop', ...context };
    const refusals = refusalsOf(() =>
      checkPasswordQuality(password, quality, known, policy, 'newPassword'),
    );
    expect(refusals.every(({ field }) => field === 'newPassword')).toBe(true);
    return refusals.map(({ code }) => code);
  };

  test('is only reported under compat', () => {
    const worst: PasswordQuality = { strength: 0, isPwned: true };
    expect(judge('ada.l at Blue Shop', 'compat', worst)).toEqual([]);
  });

  test.each(['standard', 'nist'] as const)(
    'under %s refuses the first guesses of an attacker, for every reason there is',
    (policy) => {
      expect(judge('a fine one', policy)).toEqual([]);
      expect(judge('a fine one', policy, { strength: 4, isPwned: true })).toEqual(['common']);
      expect(judge('my ADA.L secret', policy)).toEqual(['contains_email']);
      expect(judge('at the blue shop', policy)).toEqual(['contains_service']);
      const all = judge('Ada.L@Blue Shop', policy, { strength: 0, isPwned: true });
      expect(all).toEqual(['common', 'contains_email', 'contains_service']);
    },
  );

  test('refuses nothing for a list that could not be asked, nor for strength alone', () => {
    expect(judge('a fine one', 'standard', { strength: 0, isPwned: null })).toEqual([]);
  });

  const byEmail = (email: string, password: string) =>
    judge(password, 'standard', strong, { email });
  const byService = (serviceName: string, password: string) =>
    judge(password, 'standard', strong, { serviceName });

  test.each([
    ['a long name within a word', 'shop@example.com', 'workshops', true],
    ['a short name as a word', 'ann@example.com', 'it is Ann here', true],
    ['a short name with digits', 'ann@example.com', 'ann19870', true],
    ['a short name again and again', 'ann@example.com', 'annANN12', true],
    ['a short name of letters and digits', 'k9x@example.com', 'dog k9x 12', true],
    ['a short name within letters and digits', 'k9x@example.com', 'dogk9x12', false],
    ['a short name within a word', 'ann@example.com', 'annoying', false],
    ['a short name at the end of a word', 'ann@example.com', 'bathmann', false],
    ['a short name before an accent', 'ann@example.com', 'ann\u0308n 123', false],
    ['a name too short to mean anything', 'al@example.com', 'al al al', false],
    ['two characters of four units', '🦉🦉@example.com', '🦉🦉🦉🦉', false],
    ['a name without letters and digits', '___@example.com', 'a___b___', false],
    ['a name of digits', '19870101@example.com', 'x-1987-01-01', true],
    ['a name without its tag', 'ada.lovelace+shop@example.com', 'adalovelace!', true],
    ['the tag alone', 'ada.lovelace+shopping@example.com', 'shopping', false],
    ['a name that begins with a plus', '+tagged@example.com', 'tagged-12', true],
    ['a part of a dotted name', 'ada.lovelace@example.com', 'lovelace', false],
    ['a dotted name without dots', 'ada.lovelace@example.com', 'AdaLovelace', true],
    ['a name with other marks between', 'ada.lovelace@example.com', 'ada_love-lace', true],
    ['the domain', 'ada.l@example.com', 'example.com', false],
    ['a text that a pattern would match', 'a*a*a@example.com', 'aXaXa-123', false],
  ])('sees the name of the address, but in chance likeness: %s', (_what, email, password, is) => {
    expect(byEmail(email, password)).toEqual(is ? ['contains_email'] : []);
  });

  test.each([
    ['words together', 'Blue Shop', 'blueshop24'],
    ['words with a mark between', 'Blue Shop', 'Blue-Shop!'],
    ['a word where the name has a mark', 'Blue & Sons, Ltd.', 'blue sons ltd'],
    ['a name after a prefix', 'Rekey', 'myRekey1'],
  ])('sees the name of the service, however it is spaced: %s', (_what, name, password) => {
    expect(byService(name, password)).toEqual(['contains_service']);
  });

  test('sees the whole name of a service, not one word of it', () => {
    expect(byService('Blue Shop', 'blue sky')).toEqual([]);
    expect(byService('Blue Shop', 'shop blue')).toEqual([]);
  });

  test.each([
    ['a final sigma', 'οδυσσεύς', 'ΟΔΥΣΣΕΎΣ'],
    ['a sigma that is not final there', 'οδός', 'οδόσ-1234'],
    ['a sharp s', 'strauß', 'STRAUSS1'],
    ['a long s', 'ſtraße', 'strasse1'],
    ['a ligature', 'griﬃn', 'GRIFFIN1'],
    ['letters beyond the first plane', '𐐨𐐩𐐪𐐫', '𐐀𐐁𐐂𐐃'],
    ['accents', 'zoë', 'ZOË-1234'],
    ['a letter whose capital is two', 'αΐδας', 'ΑΪ́ΔΑΣ-1'],
  ])('knows a name in every case of its letters: %s', (_what, name, password) => {
    expect(byEmail(`${name}@example.com`, normalize(password))).toEqual(['contains_email']);
    expect(byService(name, normalize(password))).toEqual(['contains_service']);
  });

  test('takes an accent for a part of its letter', () => {
    expect(byEmail('jose@example.com', 'josé-1234')).toEqual([]);
  });

  test('sees any name, whatever is around it', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'aßσé猫9'), minLength: 4, maxLength: 20 });
    fc.assert(
      fc.property(letters, fc.string(), fc.string(), (name, before, after) => {
        expect(byService(name, normalize(`${before} ${name} ${after}`))).toContain(
          'contains_service',
        );
      }),
    );
  });

  test('is judged for any text of any user', () => {
    const text = fc.string({ unit: 'binary', maxLength: 128 });
    fc.assert(
      fc.property(text, text, text, (password, mailName, serviceName) => {
        judge(password, 'nist', strong, { email: `${mailName}@example.com`, serviceName });
      }),
    );
  });

  test('knows every policy', () => {
    expect(passwordPolicies).toEqual(['compat', 'standard', 'nist']);
  });
});
