import fc from 'fast-check';

/** The largest body, and the most that all headers of a request may have together. */
export const SIZE = 16 * 1024;

/** Fills the whole size, in UTF-8, with a text that is repeated. */
const filled = (unit: string, start = '', end = ''): string => {
  const room = SIZE - Buffer.byteLength(start + end);
  return start + unit.repeat(Math.floor(room / Buffer.byteLength(unit))) + end;
};

/** Texts of 16 KiB that are dear to one parser or another. */
export const worst: Readonly<Record<string, string>> = {
  letters: filled('a'),
  'letters, and an end that does not fit': filled('a', '', '!\u0000'),
  'combining marks': filled('\u0301', 'a'),
  'combining marks of many classes': filled(
    '\u0301\u0323\u0334\u031b\u0345\u05b0\u094d\u3099',
    'a',
  ),
  'marks in the wrong order': filled('\u0301\u0323', 'a'),
  'Hangul jamo': filled('\u1100\u1161\u11a8'),
  'letters that grow': filled('\ufb03\ufdfa'),
  'letters whose case is long': filled('\u0130\u03a3\u1e9e'),
  'characters beyond the first plane': filled('\ud83e\udd89'),
  'families of emoji': filled('\ud83d\udc69\u200d'),
  'half characters': filled('\ud83d'),
  'half characters after letters': filled('a\udc00'),
  controls: filled('\u0000'),
  'invisible characters': filled('\u200b\u202e'),
  blanks: filled(' '),
  'blanks around': filled(' ', 'a', 'a'),
  'tabs and blanks': filled('\t '),
  'line ends': filled('\r\n'),
  commas: filled(','),
  'commas and letters': filled('a,'),
  'tags of languages': filled('de-AT-x;q=0.1,'),
  'made-up tags of languages': filled('qaa,'),
  'a long tag of a language': filled('-abcdefgh', 'de'),
  'a long tag of extensions': filled('-a1', 'de-x'),
  semicolons: filled(';'),
  parameters: filled(';charset=utf-8', 'application/json'),
  'parameters with quotes': filled(';a="b"', 'application/json'),
  'an open quote': filled('\\"', 'application/json; a="'),
  brackets: filled('['),
  'brackets that close': '['.repeat(SIZE / 2) + ']'.repeat(SIZE / 2),
  objects: filled('{"a":'),
  'objects that close': `${'{"":'.repeat(SIZE / 5)}1${'}'.repeat(SIZE / 5 - 1)}`,
  'a list of objects': `[${filled('{},', '', '{}').slice(0, -2)}]`,
  names: `{${Array.from({ length: 1500 }, (_, i) => `"${i.toString(36)}":1`).join()}}`,
  'names that come twice': `{${Array.from({ length: 1500 }, (_, i) => `"${(i >> 1).toString(36)}":1`).join()}}`,
  'names that come twice, further in': `{"a":{${Array.from({ length: 1400 }, (_, i) => `"${(i >> 1).toString(36)}":1`).join()}}}`,
  colons: filled(':'),
  'colons in a text': `{"a":"${filled(':').slice(8)}"}`,
  escapes: `{"a":"${filled('\\u0301', 'a').slice(9)}"}`,
  'escaped quotes': `{"a":"${filled('\\"').slice(8)}"}`,
  numbers: `{"a":${filled('9').slice(8)}}`,
  exponents: `{"a":[${filled('1e308,').slice(14)}1]}`,
  ampersands: filled('&'),
  fields: filled('a&'),
  'fields with values': Array.from({ length: 2300 }, (_, i) => `${i.toString(36)}=1`).join('&'),
  'fields that come twice': Array.from(
    { length: 2300 },
    (_, i) => `${(i >> 1).toString(36)}=1`,
  ).join('&'),
  'percent signs': filled('%'),
  'percent signs in fields': filled('%=%&'),
  'bytes that are no UTF-8': filled('%ff'),
  'bytes that are no UTF-8, in fields': filled('%ff=%ff&'),
  'encoded letters': filled('%61'),
  'encoded marks': filled('%CC%81', 'a'),
  pluses: filled('+'),
  dots: filled('.'),
  'dots and letters': filled('a.'),
  labels: filled('a.', 'a@', 'com'),
  'labels beyond ASCII': filled('ü.', 'a@', 'de'),
  'a long label beyond ASCII': filled('ü', 'a@', '.de'),
  'a local part': filled('a.', '', 'a@example.com'),
  hyphens: filled('-'),
  'labels of hyphens': filled('a-', 'a@', '.com'),
  slashes: filled('/'),
  paths: filled('/..'),
  'question marks': filled('?'),
  'at signs': filled('@'),
  addresses: filled('a@b.example,'),
  'IP addresses': filled('10.0.0.1, '),
  'IPv6 addresses': filled('::1,'),
  'an IPv6 address': filled(':', '1', '1'),
  'a URL': filled('a', 'https://example.com/'),
  'a URL with a long host': filled('a.', 'https://', 'com'),
  'a URL with many parameters': filled('a=b&', 'https://example.com/?'),
  'equals signs': filled('='),
  'a bearer': filled('a', 'Bearer '),
  'a bearer and blanks': filled(' ', 'Bearer', 'a'),
  'a bearer with dots': filled('.', 'Bearer a'),
  'a bearer and equals signs': filled('=', 'Bearer a', '!'),
  'dollar signs': filled('$'),
  'a hash of argon2': filled('A', '$argon2id$v=19$m=65536,t=3,p=4$'),
  'a hash of argon2 with many parameters': filled('m=1,', '$argon2id$v=19$'),
  'a hash of scrypt': filled('A', '$scrypt$ln=14,r=8,p=1$'),
  'a hash of PBKDF2': filled('.', '$pbkdf2-sha256$1000$'),
  'a hash of SHA-crypt': filled('.', '$6$rounds='),
  'a digest of LDAP': filled('A', '{SSHA}', '='),
  'credentials of Keycloak': filled('\\\\"', '{"credentialData":"'),
  'digits of hex': filled('0a'),
  keys: filled('key '),
  cookies: filled('a=b; '),
  'cookies of that name': filled('rekey-device=; '),
  'almost cookies of that name': filled('; __Host-rekey-devic'),
  'a cookie': filled('a', 'rekey-device='),
  'a trace': filled('0', '00-'),
  traces: filled('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01,'),
  ids: filled('0190-'),
  digits: filled('0'),
  'other digits': filled('\u0660'),
  zones: filled('/a', 'Europe'),
  prototypes: filled('__proto__'),
};

/** A text of that size which is made of pieces that are dear to parsers. */
export const nasty: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'[]{}":,;&=%+.@/-_?#\\ \t\r\n', '\u0301', '\u0323', '\ud83d', '\udc00'),
      fc.constantFrom(
        '\u1100\u1161',
        '\ufdfa',
        '\u200d',
        '\u0130',
        '%ff',
        '%CC%81',
        '\\u0301',
        '","',
      ),
      fc.constantFrom(
        '":"',
        'de-AT',
        ';q=0.1',
        'charset=',
        'Bearer ',
        'rekey-device=',
        '::1',
        'xn--',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .chain((pieces) => {
    const unit = pieces.join('') || 'a';
    const count = Math.max(1, Math.floor(SIZE / Buffer.byteLength(unit)));
    return fc
      .tuple(
        fc.constantFrom('', 'a', '{"a":"', 'a@', 'https://'),
        fc.constantFrom('', '!', '"}', '.com'),
      )
      .map(([start, end]) => start + unit.repeat(count) + end);
  });
