import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  IllegalArgument,
  normalizePassword,
  parseEmail,
  parseLinkless,
  parseLocale,
  parseMailText,
  parseName,
  parseServiceName,
  parseSupportUrl,
  parseTimezone,
  parseUrl,
  parseWebhookUrl,
} from './index.ts';

const FIELD = 'some field';

/** Every parser of the domain, with texts that it is likely to take. */
const parsers: [string, (text: string) => string, fc.Arbitrary<string>][] = [
  ['an address', (text) => parseEmail(text, FIELD), fc.emailAddress()],
  ['a password', (text) => normalizePassword(text, FIELD), fc.string({ unit: 'grapheme' })],
  ['a name', (text) => parseName(text, FIELD), fc.string({ unit: 'grapheme' })],
  [
    'a locale',
    (text) => parseLocale(text, FIELD),
    fc.stringMatching(/^[a-zA-Z]{2,3}(-[a-z0-9]{1,8}){0,4}$/),
  ],
  [
    'a time zone',
    (text) => parseTimezone(text, FIELD),
    fc.constantFrom('Etc/UTC', 'europe/berlin', 'UTC'),
  ],
  [
    'a URL',
    (text) => parseUrl(text, FIELD),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
  ],
  [
    'a URL of a webhook',
    (text) => parseWebhookUrl(text, FIELD),
    fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }),
  ],
  ['a text of a mail', (text) => parseMailText(text, FIELD), fc.string({ unit: 'grapheme' })],
  [
    'a text of a mail without links',
    (text) => parseLinkless(parseMailText(text, FIELD), FIELD),
    fc.string({ unit: 'grapheme' }),
  ],
  ['a name of a service', (text) => parseServiceName(text, FIELD), fc.constant('Shop & Sons')],
  [
    'a place to find help',
    (text) => parseSupportUrl(text, FIELD),
    fc.oneof(
      fc.emailAddress().map((email) => `mailto:${email}`),
      fc.webUrl(),
    ),
  ],
];

describe.each(parsers)('parsing %s', (_what, parse, likely) => {
  const anyText = fc.oneof(
    likely,
    fc.string({ unit: 'binary' }),
    // UTF-16 as it comes: surrogates without their other half as well.
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.string({ minLength: 2000, maxLength: 4000 }),
  );

  test('answers a text or throws IllegalArgument, and nothing else', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { parsed, error } = outcome(parse, text);
        if (error === undefined) expect(typeof parsed).toBe('string');
        else expect(error).toBeInstanceOf(IllegalArgument);
      }),
    );
  });

  test('never repeats the value in a refusal', () => {
    // Longer than any word of a message that it could be part of by chance.
    const secret = fc
      .string({ unit: 'grapheme', minLength: 4 })
      .map((text) => `\u0007s3cret${text}\ud800`);
    fc.assert(
      fc.property(secret, (text) => {
        const { error } = outcome(parse, text);
        expect(error).toBeInstanceOf(IllegalArgument);
        const { message, stack, cause, violations } = error as IllegalArgument;
        expect(violations.map(({ field }) => field)).toEqual([FIELD]);
        const said = JSON.stringify([message, stack, violations]);
        expect(said).not.toContain('s3cret');
        expect(cause).toBeUndefined();
      }),
    );
  });

  test('answers what it would answer again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { parsed } = outcome(parse, text);
        fc.pre(parsed !== undefined);
        expect(parse(parsed)).toBe(parsed);
      }),
    );
  });
});

function outcome(parse: (text: string) => string, text: string) {
  try {
    return { parsed: parse(text) };
  } catch (error) {
    return { error };
  }
}
