/**
 * The link of the mail (seed: `$local_url?type=update_password&email=$email&token=$token`):
 * after a query that the page already has, before a fragment, everything percent-encoded.
 */
export function revokeLink(localUrl: string, email: string, token: string): string {
  const [page = '', ...fragment] = localUrl.split('#');
  const joint = !page.includes('?') ? '?' : /^[^?]*\?$|&$/.test(page) ? '' : '&';
  const query = `type=update_password&email=${encodeURIComponent(email)}&token=${encodeURIComponent(token)}`;
  return [`${page}${joint}${query}`, ...fragment].join('#');
}
