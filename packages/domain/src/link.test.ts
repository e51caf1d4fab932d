import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkTo, parseUrl, purposes } from './index.ts';

const link = (page: string) =>
  linkTo(page, { type: 'update_password', email: 'ada@example.com', token: 't1' });
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
  ])('goes with %s', (_what, page, expected) => {
    expect(link(page)).toBe(expected);
  });

  test('encodes what has a meaning in a link', () => {
    const query = { email: 'a&b=c+d#e%40@example.com', token: 'x&y=z+/#?' };
    const made = linkTo('https://shop.example', { type: 'update_password', ...query });
    expect(made).toBe(
      'https://shop.example?type=update_password&email=a%26b%3Dc%2Bd%23e%2540%40example.com&token=x%26y%3Dz%2B%2F%23%3F',
    );
  });

  test('gives back its type, address and token, on the page that was given', () => {
    const page = fc
      .webUrl({ withFragments: true, withQueryParameters: true })
      .filter((url) => isUrl(url) && !/[?&](?:type|email|token)=/.test(url));
    const type = fc.constantFrom(...purposes);
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(page, type, text, text, (base, type, email, token) => {
        const made = new URL(linkTo(base, { type, email, token }));
        const given = new URL(base);
        expect(made.searchParams.get('type')).toBe(type);
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

  test('stays a URL that survives a mail', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        const query = { type: 'factor_change', email, token: 'A-Za-z0-9_-' } as const;
        const made = linkTo('https://shop.example/account', query);
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
