/** The domains of the provider that passes over dots: `a.b` and `ab` are one mailbox there. */
const DOTLESS = ['gmail.com', 'googlemail.com'];

/** The domain of a canonical e-mail address, see `canonicalEmail`. */
export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1);

/**
 * One address of a mailbox for all that lead into it, of a canonical e-mail address: without the tag that `+` starts,
 * and without the dots that the provider passes over. To count by; mails go to the address as it is.
 */
export function mailboxOf(email: string): string {
  const domain = domainOf(email);
  const local = email.slice(0, -domain.length - 1).replace(/(?<!^)\+.*$/, '');
  return DOTLESS.includes(domain) ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`;
}
