import type { Purpose } from './one-time-token.ts';

/**
 * The link of a mail (seed: `$local_url?type=update_password&email=$email&token=$token`):
 * after a query that the page already has, before a fragment, everything percent-encoded.
 */
export function linkTo(
  page: string,
  query: { readonly type: Purpose; readonly email: string; readonly token: string },
): string {
  const [base = '', ...fragment] = page.split('#');
  const joint = !base.includes('?') ? '?' : /^[^?]*\?$|&$/.test(base) ? '' : '&';
  const pairs = Object.entries({ type: query.type, email: query.email, token: query.token });
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return [`${base}${joint}${text}`, ...fragment].join('#');
}
