import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defuse, defuseAddress } from './defuse.ts';

/** More than any mail client takes for a link: schemes, hosts, addresses, telephone numbers; and markup. */
const LINK =
  /[:@<>&"\\=#?%]|\/\/|www\.[^ ]|[\p{L}\p{N}_-][.。．｡․‧][\p{L}_-]|(?:\d+\.){3}|(?:\p{Nd}[\s().,;+/_-]*){7}/u;

/** Text made of what links are made of: pure chance would hardly ever write one. */
const bait = fc
  .array(
    fc.oneof(
      fc.constantFrom('http', 'https', 'www', 'evil', 'example', 'com', 'xn--', 'mailto', 'tel'),
      fc.constantFrom(...'.。．｡․‧:：/／@＠\\<>"\'&;,()+-_ \u00a0\r\n\t\u200b\u202e\u0301aé漢'),
      fc.integer({ min: 0, max: 99999999 }).map(String),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));

describe('defused text', () => {
  it('holds nothing that is a link, a telephone number or markup', () => {
    fc.assert(
      fc.property(bait, (text) => {
        expect(defuse(text)).not.toMatch(LINK);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not change when it is defused again', () => {
    fc.assert(
      fc.property(bait, (text) => {
        expect(defuse(defuse(text))).toBe(defuse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('is well-formed text of one line, no longer than 200 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
        const defused = defuse(text);
        expect([...defused].length).toBeLessThanOrEqual(200);
        expect(defused.isWellFormed()).toBe(true);
        expect(defused).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(defuse('a'.repeat(500))).toHaveLength(200);
  });

  it.each([
    ['see www.evil.example now', 'see www evil example now'],
    ['https://evil.example/a?b=c#d', 'https evil example/a b c d'],
    ['ada@evil.example', 'ada evil example'],
    ['evil。example．com｡net', 'evil example com net'],
    ['<a href="//evil">x</a>', 'a href evil x /a'],
    ['call +1 (555) 010-0199 now', 'call + now'],
    ['at 198.51.100.7', 'at 198.51'],
    ['Gecko/20100101 Firefox/145.0.2', 'Gecko Firefox/145.0'],
  ])('makes %j harmless', (text, expected) => {
    expect(defuse(text)).toBe(expected);
  });

  it.each([
    'Ada Lovelace-King, Ph. D.',
    'Åsa O’Brien',
    '山田 太郎',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0 Safari/537.36',
  ])('leaves %j alone', (text) => {
    expect(defuse(text)).toBe(text);
  });
});

describe('a defused address', () => {
  it.each(['203.0.113.9', '2001:db8::1', '::1', '::ffff:192.0.2.1'])('is what it was: %s', (ip) => {
    expect(defuseAddress(ip)).toBe(ip);
  });

  it.each([
    ['fe80::1%evil.example', 'fe80::1'],
    ['evil.example', ''],
    ['dead.beef', ''],
    ['https://1.2.3.4', ''],
    ['unknown', ''],
    ['', ''],
  ])('of %j is %j', (text, address) => {
    expect(defuseAddress(text)).toBe(address);
  });
});
