import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUrl, revokeLink } from './index.ts';

const link = (localUrl: string) => revokeLink(localUrl, 'ada@example.com', 't1');
const query = 'type=update_password&email=ada%40example.com&token=t1';

describe('the link of the mail', () => {
  test.each([
    ['a page', 'https://shop.example/account', `https://shop.example/account?${query}`],
    ['a bare host', 'https://shop.example', `https://shop.example?${query}`],
    ['a query', 'https://shop.example/?a=b', `https://shop.example/?a=b&${query}`],
    ['an empty query', 'https://shop.example/?', `https://shop.example/?${query}`],
    ['a query that is open', 'https://shop.example/?a=b&', `https://shop.example/?a=b&${query}`],
    ['a fragment', 'https://shop.example/#/account', `https://shop.example/?${query}#/account`],
    ['an empty fragment', 'https://shop.example/#', `https://shop.example/?${query}#`],
    [
      'a query and a fragment',
      'https://shop.example/?a=b#c',
      `https://shop.example/?a=b&${query}#c`,
    ],
    [
      'a ? in the fragment',
      'https://shop.example/#/a?b=c',
      `https://shop.example/?${query}#/a?b=c`,
    ],
    ['two #', 'https://shop.example/#a#b', `https://shop.example/?${query}#a#b`],
  ])('goes with %s', (_what, localUrl, expected) => {
    expect(link(localUrl)).toBe(expected);
  });

  test('encodes what has a meaning in a link', () => {
    const made = revokeLink('https://shop.example', 'a&b=c+d#e%40@example.com', 'x&y=z+/#?');
    expect(made).toBe(
      'https://shop.example?type=update_password&email=a%26b%3Dc%2Bd%23e%2540%40example.com&token=x%26y%3Dz%2B%2F%23%3F',
    );
  });

  test('gives back what went in, on the page that was given', () => {
    const page = fc
      .webUrl({ withFragments: true, withQueryParameters: true })
      .filter((url) => isUrl(url) && !/[?&](?:type|email|token)=/.test(url));
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(page, text, text, (localUrl, email, token) => {
        const made = new URL(revokeLink(localUrl, email, token));
        const given = new URL(localUrl);
        expect(made.searchParams.get('type')).toBe('update_password');
        expect(made.searchParams.get('email')).toBe(email);
        expect(made.searchParams.get('token')).toBe(token);
        expect(made.origin + made.pathname + made.hash).toBe(
          given.origin + given.pathname + given.hash,
        );
        for (const [name, value] of given.searchParams) {
          expect(made.searchParams.getAll(name)).toContain(value);
        }
      }),
    );
  });

  test('stays a URL that a mail can hold', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        const made = revokeLink('https://shop.example/account', email, 'A-Za-z0-9_-');
        expect(parseUrl(made)).toBe(made);
      }),
    );
  });
});

function isUrl(text: string): boolean {
  try {
    return parseUrl(text) === text;
  } catch {
    return false;
  }
}
