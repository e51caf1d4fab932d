import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkPasswordLength,
  checkPasswordQuality,
  IllegalArgument,
  normalizePassword,
  type PasswordPolicy,
  type PasswordQuality,
  passwordPolicies,
} from './index.ts';

const normalize = (text: string) => normalizePassword(text, 'password');

describe('the form of a password that is hashed', () => {
  test('is the same whether accents are part of the letter or follow it', () => {
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
    ['what follows a NUL', 'a\0b', 'a\0c'],
    ['the 129th character', 'a'.repeat(128), 'a'.repeat(129)],
  ])('keeps what makes a difference: %s', (_what, one, other) => {
    expect(normalize(one)).toBe(one);
    expect(normalize(one)).not.toBe(normalize(other));
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
    expect(() => normalize(text)).toThrow(IllegalArgument);
  });
});

describe('the length of a password', () => {
  const isLongEnough = (password: string, policy: PasswordPolicy) => {
    try {
      checkPasswordLength(password, policy, 'password');
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(IllegalArgument);
      return false;
    }
  };

  test.each([
    ['compat', 8],
    ['standard', 8],
    ['nist', 15],
  ] as const)('under %s is %i to 128 code points', (policy, least) => {
    // One, two and four UTF-16 units a character, counted as one each.
    for (const char of ['a', '猫', '🦉']) {
      expect(isLongEnough(char.repeat(least - 1), policy)).toBe(false);
      expect(isLongEnough(char.repeat(least), policy)).toBe(true);
      expect(isLongEnough(char.repeat(128), policy)).toBe(true);
      expect(isLongEnough(char.repeat(129), policy)).toBe(false);
    }
  });

  test('counts spaces and control characters like all others', () => {
    expect(isLongEnough(' '.repeat(8), 'compat')).toBe(true);
    expect(isLongEnough('\0\n\r\t\u0007   ', 'compat')).toBe(true);
  });
});

describe('the quality of a password', () => {
  const strong: PasswordQuality = { strength: 4, isPwned: false };
  const judge = (
    password: string,
    policy: PasswordPolicy,
    quality = strong,
    context: Partial<{ email: string; serviceName: string }> = {},
  ): string[] => {
    const known = { email: 'ada.l@example.com', serviceName: 'Blue Shop', ...context };
    try {
      checkPasswordQuality(password, quality, known, policy, 'newPassword');
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(IllegalArgument);
      const { violations } = error as IllegalArgument;
      expect(violations.every(({ field }) => field === 'newPassword')).toBe(true);
      return violations.map(({ message }) => message);
    }
  };
  const common = 'must not be a commonly used password';
  const mailName = 'must not hold the name of the e-mail address';
  const serviceName = 'must not hold the name of the service';

  test('is only reported under compat', () => {
    const worst: PasswordQuality = { strength: 0, isPwned: true };
    expect(judge('ada.l at Blue Shop', 'compat', worst)).toEqual([]);
  });

  test.each(['standard', 'nist'] as const)(
    'under %s refuses what an attacker tries first',
    (policy) => {
      expect(judge('a fine one', policy)).toEqual([]);
      expect(judge('a fine one', policy, { strength: 4, isPwned: true })).toEqual([common]);
      expect(judge('my ADA.L secret', policy)).toEqual([mailName]);
      expect(judge('at the blue shop', policy)).toEqual([serviceName]);
      const all = judge('Ada.L@Blue Shop', policy, { strength: 0, isPwned: true });
      expect(all).toEqual([common, mailName, serviceName]);
    },
  );

  test('refuses nothing for a list that could not be asked, nor for strength alone', () => {
    expect(judge('a fine one', 'standard', { strength: 0, isPwned: null })).toEqual([]);
  });

  test('lets names pass that are too short to mean anything', () => {
    expect(judge('alphabet', 'standard', strong, { email: 'al@example.com' })).toEqual([]);
    expect(judge('alphabet', 'standard', strong, { serviceName: 'be' })).toEqual([]);
    expect(judge('alphabet', 'standard', strong, { email: 'alp@example.com' })).toEqual([mailName]);
  });

  test('knows every policy', () => {
    expect(passwordPolicies).toEqual(['compat', 'standard', 'nist']);
  });
});
