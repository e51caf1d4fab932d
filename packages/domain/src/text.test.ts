import { describe, expect, test } from 'vitest';
import {
  IllegalArgument,
  parseAll,
  parseLocale,
  parseMailText,
  parseName,
  parseTimezone,
  parseUrl,
  typedCode,
} from './index.ts';

describe('a name', () => {
  test.each([
    'Ada',
    "O'Neill, Ñandú",
    '李小龍',
    '🦉',
    'علی\u200cرضا',
    'Ada\u200f \u200eעדה\u061c',
    '👩\u200d👧',
    'Dr. A <b>Smith</b>',
    'a  b',
  ])('is kept as given: %s', (name) => {
    expect(parseName(name)).toBe(name);
  });

  test('is normalized, and loses outer spaces', () => {
    expect(parseName('  Rene\u0301e\u00a0')).toBe('Renée');
  });

  test('has 1 to 100 characters', () => {
    expect(parseName('🦉'.repeat(100))).toBe('🦉'.repeat(100));
    expect(parseName(`${' '.repeat(50)}a${' '.repeat(150)}`)).toBe('a');
    // One character each, of four code points.
    expect(parseName('\u03b1\u0313\u0300\u0345'.repeat(100))).toBe('\u1f82'.repeat(100));
    for (const name of [
      '',
      '   ',
      '\u200d',
      '\u200f',
      '\u0301',
      '🦉'.repeat(101),
      `${' '.repeat(400)}a`,
    ]) {
      expect(() => parseName(name)).toThrow(IllegalArgument);
    }
  });

  test.each([
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a NUL', 'a\0b'],
    ['an escape', 'a\u001b[31mb'],
    ['a bidirectional override', 'a\u202eb'],
    ['a zero-width space', 'a\u200bb'],
    ['a lone surrogate', 'a\ud800b'],
    ['a private character', 'a\ue000b'],
  ])('holds no %s', (_what, name) => {
    expect(() => parseName(name)).toThrow(IllegalArgument);
  });
});

test.each([
  ['123456', '123456'],
  ['123 456', '123456'],
  [' 123456\n', '123456'],
  ['123-456', '123456'],
  ['123\u00a0456', '123456'],
  ['１２３４５６', '123456'],
  ['abc', 'abc'],
  [`123456${' '.repeat(99)}`, `123456${' '.repeat(99)}`],
])('a one-time code that is typed as %j is %j', (text, code) => {
  expect(typedCode(text)).toBe(code);
});

describe('a locale', () => {
  test.each([
    ['en', 'en'],
    ['EN-us', 'en-US'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['iw', 'he'],
    ['en_US', 'en-US'],
    ['zh_Hans_CN', 'zh-Hans-CN'],
    ['de_DE.UTF-8', 'de-DE'],
    ['de_DE@euro', 'de-DE'],
  ])('is a language tag in its canonical spelling: %s', (text, locale) => {
    expect(parseLocale(text)).toBe(locale);
  });

  test.each([
    '',
    'e',
    '_US',
    'en_',
    'en_US_',
    'en-',
    '-en',
    'en US',
    'en\n',
    '../etc',
    'englishlanguage',
    'ñ',
  ])('is nothing else: %j', (text) => {
    expect(() => parseLocale(text)).toThrow(IllegalArgument);
  });

  test('is no longer than any language needs', () => {
    const longest = `en-x-${'a'.repeat(8)}-${'b'.repeat(8)}-${'c'.repeat(8)}`;
    expect(parseLocale(longest)).toBe(longest);
    expect(() => parseLocale(`en-x${'-abcdefgh'.repeat(1000)}`)).toThrow(IllegalArgument);
  });
});

describe('a time zone', () => {
  test.each([
    'Etc/UTC',
    'UTC',
    'Europe/Berlin',
    'America/Argentina/Buenos_Aires',
    'Asia/Kathmandu',
  ])('is a name of the IANA database: %s', (name) => {
    expect(parseTimezone(name)).toBe(name);
  });

  test.each([
    '',
    '+02:00',
    '-05',
    '02:00',
    'Mars/Olympus',
    'Europe/Berlin ',
    'local',
    'Europe/Berlin\n',
  ])('is nothing else: %j', (text) => {
    expect(() => parseTimezone(text)).toThrow(IllegalArgument);
  });
});

describe('a URL', () => {
  test.each([
    'https://shop.example',
    'http://localhost:3000/account?tab=1#top',
    'HTTPS://Shop.example/%C3%A9',
    'https://[2001:db8::1]:8443/',
  ])('is kept as given: %s', (url) => {
    expect(parseUrl(url)).toBe(url);
  });

  test.each([
    '',
    'shop.example',
    '//shop.example',
    '/account',
    'https:shop.example',
    'https:/shop.example',
    'https:///shop.example',
    'https:\\\\shop.example',
    'https://',
    'https://?a=b',
    'javascript:alert(1)',
    'ftp://shop.example',
    'file:///etc/passwd',
    'data:text/html,x',
    'mailto:ada@example.com',
    'https://user@shop.example',
    'https://user:pass@shop.example',
    'https://:pass@shop.example',
    'https://@shop.example',
    ' https://shop.example',
    'https://shop.example ',
    'https://shop.example/a b',
    'https://shop.example/\n',
    'https://sh\top.example',
    'https://shop.example/é',
    'https://münchen.example',
    'https://shop.example:99999',
    `https://shop.example/${'a'.repeat(2000)}`,
  ])('is an absolute http or https URL without credentials, unlike %j', (text) => {
    expect(() => parseUrl(text)).toThrow(IllegalArgument);
  });
});

describe('a text of a mail', () => {
  const parse = (text: string) => parseMailText(text, 'emailText');

  test('may have lines, which end as on Unix', () => {
    expect(parse('Call 555.\r\nOr write.\n\nBye')).toBe('Call 555.\nOr write.\n\nBye');
  });

  test('is normalized', () => {
    expect(parse('cafe\u0301')).toBe('café');
  });

  test('has 1 to 1000 characters', () => {
    expect(parse('🦉'.repeat(1000))).toBe('🦉'.repeat(1000));
    for (const text of ['', '🦉'.repeat(1001)]) {
      expect(() => parse(text)).toThrow(IllegalArgument);
    }
  });

  test.each(['a\0b', 'a\rb', 'a\tb', 'a\u001bb', 'a\u202eb', 'a\ud800b'])(
    'holds no control characters but line breaks: %j',
    (text) => {
      expect(() => parse(text)).toThrow(IllegalArgument);
    },
  );
});

describe('several arguments', () => {
  const refuse = (...fields: string[]) => {
    throw new IllegalArgument(fields.map((field) => ({ field, message: 'no', code: 'unknown' })));
  };

  test('are answered by name', () => {
    expect(parseAll({ name: () => 'Ada', age: () => 36, none: () => null })).toEqual({
      name: 'Ada',
      age: 36,
      none: null,
    });
  });

  test('are refused all at once, in order', () => {
    expect.assertions(2);
    try {
      parseAll({ a: () => refuse('a'), b: () => 1, c: () => refuse('c', 'd') });
    } catch (error) {
      expect(error).toBeInstanceOf(IllegalArgument);
      expect((error as IllegalArgument).violations.map(({ field }) => field)).toEqual([
        'a',
        'c',
        'd',
      ]);
    }
  });

  test('pass on what is no refusal', () => {
    const bug = new TypeError('planted');
    const parsers = {
      a: () => refuse('a'),
      b: () => {
        throw bug;
      },
    };
    expect(() => parseAll(parsers)).toThrow(bug);
  });
});
