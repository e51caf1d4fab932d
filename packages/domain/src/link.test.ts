import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formServiceId, linkOf, linkTo, maskedEmail, parseUrl, purposes } from './index.ts';

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

describe('the page that a link leads to', () => {
  const pages = {
    publicUrl: 'https://rekey.example',
    recoverPasswordUrl: null,
    validateEmailUrl: null,
  };
  const own = { id: 's1', isEnabled: true, providerLocalUrl: 'https://shop.example/account' };
  const hosted = { ...own, providerLocalUrl: null };
  const form = { ...hosted, id: formServiceId };
  const right = { purpose: 'update_password', email: 'a@b.example', details: null } as const;
  const moved = {
    ...right,
    purpose: 'update_email',
    details: { newEmail: 'new@b.example' },
  } as const;
  const to = (service: typeof own | typeof hosted, of: typeof right | typeof moved = right) =>
    linkOf({ service, right: of, token: 't1' }, pages);

  test('is that of the service, or Rekey’s', () => {
    const query = '?type=update_password&email=a%40b.example&token=t1';
    expect(to(own)).toBe(`https://shop.example/account${query}`);
    expect(to({ ...own, isEnabled: false })).toBe(`https://rekey.example/local${query}`);
    expect(to(hosted)).toBe(`https://rekey.example/local${query}`);
    expect(to(form)).toBe(`https://rekey.example/local${query}`);
  });

  test('is told both addresses where it is the service’s, and the old one alone where it is Rekey’s', () => {
    expect(to(own, moved)).toBe(
      'https://shop.example/account?type=update_email&email=new%40b.example&old_email=a%40b.example&token=t1',
    );
    for (const service of [hosted, form, { ...own, isEnabled: false }]) {
      expect(to(service, moved)).toBe(
        'https://rekey.example/local?type=update_email&email=a%40b.example&token=t1',
      );
    }
  });

  test.each([
    [
      'reset_password',
      'https://app.example/recover?type=reset_password&email=a%40b.example&token=t1',
    ],
    ['validate_email', 'https://app.example/validate?code=t1&email=a%40b.example'],
    [
      'update_password',
      'https://rekey.example/local?type=update_password&email=a%40b.example&token=t1',
    ],
  ] as const)('is that of a front end for users of the form dialect: %s', (purpose, expected) => {
    const fronts = {
      ...pages,
      recoverPasswordUrl: 'https://app.example/recover',
      validateEmailUrl: 'https://app.example/validate',
    };
    const of = { right: { ...right, purpose }, token: 't1' };
    expect(linkOf({ service: form, ...of }, fronts)).toBe(expected);
    expect(linkOf({ service: hosted, ...of }, fronts)).toBe(
      `https://rekey.example/local?type=${purpose}&email=a%40b.example&token=t1`,
    );
  });

  test('confirms an address of the form dialect where its clients did, unless a front end does', () => {
    const of = {
      service: form,
      right: { ...right, purpose: 'validate_email' },
      token: 't1',
    } as const;
    expect(linkOf(of, pages)).toBe(
      'https://rekey.example/users/validateEmail?code=t1&email=a%40b.example',
    );
  });
});

test('an address is told in part: its first letter and its domain', () => {
  expect(maskedEmail('eve@example.net')).toBe('e***@example.net');
  expect(maskedEmail('𝒳yz@example.net')).toBe('𝒳***@example.net');
});

function isUrl(text: string): boolean {
  try {
    return parseUrl(text) === text;
  } catch {
    return false;
  }
}
