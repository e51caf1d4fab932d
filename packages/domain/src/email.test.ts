import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalEmail, IllegalArgument, parseEmail } from './index.ts';

/** Text that is often close to an address. */
const almostAddress = fc.oneof(
  fc.emailAddress(),
  fc.string({ unit: 'binary' }),
  fc
    .tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
    .map(([local, domain]) => `${local}@${domain}.example`),
  fc
    .array(fc.constantFrom('a', 'K', '\u212a', 'ı', 'İ', 'Σ', 'ß', 'é', '\u0301', '.', '@', '-'))
    .map((parts) => `${parts.join('')}@x.example`),
  fc
    .array(fc.constantFrom('a', 'K', '\u212a', 'Σ', 'ẞ', '٣', 'ß', '1', '０', '.', '．', '@', '-'))
    .map((parts) => `a@${parts.join('')}.example`),
);

describe('the canonical form of an address', () => {
  test('is the address itself where there is nothing to fold', () => {
    for (const address of [
      'ada@example.com',
      "o'hara+tag=1@mail.example.co.uk",
      '!#$%&*/?^_`{|}~-@example.com',
      'δοκιμή@xn--jxalpdlp.example',
      '用户@xn--fsqu00a.example',
    ]) {
      expect(canonicalEmail(address)).toBe(address);
    }
  });

  test('is its own canonical form', () => {
    fc.assert(
      fc.property(almostAddress, (text) => {
        const once = canonicalEmail(text);
        fc.pre(once !== null);
        expect(canonicalEmail(once)).toBe(once);
      }),
    );
  });

  test('does not depend on the case of ASCII letters', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        expect(canonicalEmail(address.toUpperCase())).toBe(canonicalEmail(address));
      }),
    );
  });

  test('does not depend on whether accents are part of the letter or follow it', () => {
    const form = 'renée@xn--bcher-kva.example';
    for (const text of ['renée@bücher.example', 'RENÉE@BÜCHER.example']) {
      expect(canonicalEmail(text.normalize('NFC'))).toBe(form);
      expect(canonicalEmail(text.normalize('NFD'))).toBe(form);
    }
  });

  test('has the domain in ASCII, however it was written', () => {
    for (const domain of ['bücher.example', 'BÜCHER.Example', 'XN--BCHER-KVA.example']) {
      expect(canonicalEmail(`ada@${domain}`)).toBe('ada@xn--bcher-kva.example');
    }
  });

  test('keeps the domain that the network would be asked for', () => {
    // A sigma at the end of a word: lower case makes another letter of it than domain names do.
    for (const domain of ['ΒΟΛΟΣ-1.example', 'shop.ΒΟΛΟΣ', 'σ.example', 'ς.example', 'ẞ.example']) {
      const { hostname } = new URL(`https://${domain}/`);
      expect(canonicalEmail(`ada@${domain}`)).toBe(`ada@${hostname}`);
    }
  });

  test('takes the Kelvin sign for the K that it is', () => {
    expect(canonicalEmail('\u212aelvin@\u212a.example')).toBe('kelvin@k.example');
  });

  test.each([
    ['a dotless i', 'mıke@example.com', 'mike@example.com'],
    ['a dotted capital I', 'mİke@example.com', 'mike@example.com'],
    ['full-width letters', 'ｍike@example.com', 'mike@example.com'],
    ['a Cyrillic letter', 'mikе@example.com', 'mike@example.com'],
    ['an accent', 'mïke@example.com', 'mike@example.com'],
    ['a sharp s', 'straße@example.com', 'strasse@example.com'],
    ['a ligature', 'oﬃce@example.com', 'office@example.com'],
    ['a superscript', 'mike²@example.com', 'mike2@example.com'],
    ['a dot', 'mi.ke@example.com', 'mike@example.com'],
    ['a tag', 'mike+a@example.com', 'mike@example.com'],
    ['a dotless i in the domain', 'mike@gıthub.example', 'mike@github.example'],
    ['a sharp s in the domain', 'mike@straße.example', 'mike@strasse.example'],
  ])('keeps other mailboxes apart: %s', (_what, one, other) => {
    expect(canonicalEmail(one)).not.toBeNull();
    expect(canonicalEmail(other)).not.toBeNull();
    expect(canonicalEmail(one)).not.toBe(canonicalEmail(other));
  });

  test('joins no two characters but by case and normalization', () => {
    const forms = new Map<string, string>();
    for (let code = 0; code < 0x20000; code += 1) {
      const char = String.fromCodePoint(code);
      const form = canonicalEmail(`a${char}b@x.example`);
      if (form === null) continue;
      const first = forms.get(form) ?? char;
      forms.set(form, first);
      if (first.normalize('NFC').toLowerCase() !== char.normalize('NFC').toLowerCase()) {
        expect.unreachable(`U+${code.toString(16)} has the form of another character`);
      }
    }
    expect(forms.size).toBeGreaterThan(10_000);
  });

  test('is ready for the wire: one @, no white space, an ASCII domain in lower case', () => {
    fc.assert(
      fc.property(almostAddress, (text) => {
        const form = canonicalEmail(text);
        fc.pre(form !== null);
        expect(form).toMatch(/^[^\s@"(),:;<>[\\\]\p{C}]+@[a-z0-9.-]+\.[a-z0-9-]+$/u);
      }),
    );
  });
});

describe('no address', () => {
  test.each([
    ['nothing', ''],
    ['no @', 'example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'ada@'],
    ['two @', 'ada@example.net@example.com'],
    ['a quoted local part', '"ada"@example.com'],
    ['a quoted @', '"ada@example.net"@example.com'],
    ['a group', 'team: ada@example.com;'],
    ['a comment', 'ada(work)@example.com'],
    ['a comment in the domain', 'ada@example.com(work)'],
    ['a display name', 'Ada <ada@example.com>'],
    ['angle brackets', '<ada@example.com>'],
    ['a route', '@example.net:ada@example.com'],
    ['two addresses', 'ada@example.com,eve@example.com'],
    ['a comma in the local part', 'eve@example.com,ada@example.com'],
    ['a semicolon', 'ada@example.com;eve@example.com'],
    ['a backslash', 'ada\\@example.com'],
    ['CRLF and a header', 'ada@example.com\r\nBcc: eve@example.com'],
    ['a line feed at the end', 'ada@example.com\n'],
    ['a NUL', 'ada\0@example.com'],
    ['a tab', 'a\tda@example.com'],
    ['a space', 'a da@example.com'],
    ['outer spaces', ' ada@example.com '],
    ['a no-break space', 'ada\u00a0@example.com'],
    ['a delete character', 'ada\u007f@example.com'],
    ['a C1 control', 'ada\u0085@example.com'],
    ['a bidirectional override', 'ada\u202e@example.com'],
    ['a bidirectional isolate', 'ada@\u2066example.com'],
    ['a right-to-left mark', 'ada\u200f@example.com'],
    ['a zero-width space', 'a\u200bda@example.com'],
    ['a zero-width joiner', 'ada@exam\u200dple.com'],
    ['a soft hyphen', 'ada@exam\u00adple.com'],
    ['a byte order mark', '\ufeffada@example.com'],
    ['a variation selector', 'ada\ufe0f@example.com'],
    ['a Hangul filler', 'ada\u3164@example.com'],
    ['a combining grapheme joiner', 'ada\u034f@example.com'],
    ['a tag character', 'ada\u{e0061}@example.com'],
    ['a lone surrogate', 'ada\ud800@example.com'],
    ['a private character', 'ada\ue000@example.com'],
    ['an unassigned character', 'ada\u0378@example.com'],
    ['a dot at the start', '.ada@example.com'],
    ['a dot at the end', 'ada.@example.com'],
    ['two dots', 'a..da@example.com'],
    ['a full-width @', 'ada＠example.com'],
    ['a domain of one label', 'ada@localhost'],
    ['a domain with a dot at its end', 'ada@example.com.'],
    ['a domain with a dot at its start', 'ada@.example.com'],
    ['a domain with two dots', 'ada@example..com'],
    ['an ideographic full stop', 'ada@example。com'],
    ['a full-width full stop', 'ada@example．com'],
    ['a half-width ideographic full stop', 'ada@example｡com'],
    ['a one dot leader', 'ada@example․com'],
    ['a digit with a full stop', 'ada@⒈com'],
    ['a care-of sign', 'ada@℅.example'],
    ['an underscore in the domain', 'ada@my_shop.example'],
    ['a hyphen before a label', 'ada@-shop.example'],
    ['a hyphen after a label', 'ada@shop-.example'],
    ['percent-encoding in the domain', 'ada@ex%61mple.com'],
    ['a port', 'ada@example.com:25'],
    ['a path', 'ada@example.com/eve'],
    ['an IP literal', 'ada@[192.0.2.1]'],
    ['an IPv6 literal', 'ada@[IPv6:2001:db8::1]'],
    ['an IP address', 'ada@192.0.2.1'],
    ['an IP address in hexadecimal', 'ada@0xc0.0.2.1'],
    ['an IP address as one number', 'ada@3221225985'],
    ['an IP address in full-width digits', 'ada@１９２.0.2.1'],
    ['an IP address in circled digits', 'ada@①.②.③.④'],
    ['a number for the last label', 'ada@example.123'],
    ['punycode of nothing', 'ada@xn--.example'],
    ['punycode of ASCII', 'ada@xn--shop-.example'],
    ['an @ alone', '@'],
  ])('%s', (_what, text) => {
    expect(canonicalEmail(text)).toBeNull();
  });
});

describe('the length of an address', () => {
  const label = 'd'.repeat(61);
  /** A domain of that many octets, for 4 to 62 more than three full labels. */
  const domain = (length: number) => `${label}.${label}.${label}.${'d'.repeat(length - 3 * 62)}`;

  test('is at most 64 octets before the @', () => {
    expect(canonicalEmail(`${'a'.repeat(64)}@example.com`)).not.toBeNull();
    expect(canonicalEmail(`${'a'.repeat(65)}@example.com`)).toBeNull();
  });

  test('is at most 254 octets in all', () => {
    const local = 'a'.repeat(20);
    expect(canonicalEmail(`${local}@${domain(233)}`)).toHaveLength(254);
    expect(canonicalEmail(`${local}@${domain(234)}`)).toBeNull();
  });

  test.each([
    ['é', 2],
    ['猫', 3],
    ['𐐨', 4],
  ])('counts %s as %i octets', (char, octets) => {
    const room = 64 / octets;
    const most = char.repeat(Math.floor(room)) + 'a'.repeat(64 % octets);
    expect(canonicalEmail(`${most}@example.com`)).toBe(`${most}@example.com`);
    expect(canonicalEmail(`${most}a@example.com`)).toBeNull();
  });

  test('is counted after normalization, and with the domain in ASCII', () => {
    expect(canonicalEmail(`${'e\u0301'.repeat(32)}@example.com`)).not.toBeNull();
    // 20 letters, but more than 63 octets once the label is in ASCII.
    expect(canonicalEmail(`ada@${'ü'.repeat(20)}.example`)).not.toBeNull();
    expect(canonicalEmail(`ada@${'ü'.repeat(60)}.example`)).toBeNull();
  });

  test('of a label is at most 63 octets', () => {
    expect(canonicalEmail(`ada@${'d'.repeat(63)}.example`)).not.toBeNull();
    expect(canonicalEmail(`ada@${'d'.repeat(64)}.example`)).toBeNull();
  });
});

describe('parsing an address', () => {
  test('answers the canonical form', () => {
    expect(parseEmail('Ada@Example.COM')).toBe('ada@example.com');
  });

  test('refuses what is none, and says nothing but the name of the field', () => {
    const refusal = new IllegalArgument([
      {
        field: 'mail',
        message: 'must be an e-mail address that can be used here',
        code: 'unusable',
      },
    ]);
    expect(() => parseEmail('s3cret', 'mail')).toThrow(refusal);
    try {
      parseEmail('s3cret', 'mail');
      expect.unreachable();
    } catch (error) {
      expect((error as IllegalArgument).violations).toEqual(refusal.violations);
    }
  });
});
