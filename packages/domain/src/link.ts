import type { Id } from './ids.ts';
import type { OneTimeToken, Purpose } from './one-time-token.ts';
import { formServiceId, linkPageOf, type Service } from './service.ts';

/**
 * The link of a mail (seed: `$local_url?type=update_password&email=$email&token=$token`):
 * after a query that the page already has, before a fragment, everything percent-encoded.
 */
export function linkTo(page: string, query: LinkQuery | ValidationQuery): string {
  const [base = '', ...fragment] = page.split('#');
  const joint = !base.includes('?') ? '?' : /^[^?]*\?$|&$/.test(base) ? '' : '&';
  const text = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return [`${base}${joint}${text}`, ...fragment].join('#');
}

type LinkQuery = {
  readonly type: Purpose;
  readonly email: string;
  /** Only where the address changed: then `email` is the new one. */
  readonly old_email?: string;
  readonly token: string;
};
/** As clients of the form dialect know it. */
type ValidationQuery = { readonly code: string; readonly email: string };

/** Where links lead that are of Rekey itself, or of the front ends of the form dialect. */
export type LinkPages = {
  /** Base of the pages that Rekey itself hosts, without a slash at its end. */
  readonly publicUrl: string;
  /** The page of a front end for a new password; null where Rekey hosts it. */
  readonly recoverPasswordUrl: string | null;
  /** The page of a front end for an address; null where Rekey hosts it. */
  readonly validateEmailUrl: string | null;
};

/** The link that carries a token: to the page of its service, or of Rekey. */
export function linkOf(
  {
    service,
    right: { purpose, email, details },
    token,
  }: {
    readonly service: Pick<Service, 'isEnabled' | 'providerLocalUrl'> & { readonly id: Id };
    readonly right: Pick<OneTimeToken, 'purpose' | 'email' | 'details'>;
    readonly token: string;
  },
  { publicUrl, recoverPasswordUrl, validateEmailUrl }: LinkPages,
): string {
  const query = { type: purpose, email, token };
  if (service.id === formServiceId && purpose === 'validate_email') {
    return linkTo(validateEmailUrl ?? `${publicUrl}/users/validateEmail`, { code: token, email });
  }
  if (service.id === formServiceId && purpose === 'reset_password' && recoverPasswordUrl !== null) {
    return linkTo(recoverPasswordUrl, query);
  }
  const page = linkPageOf(service, publicUrl);
  const isOwn = service.isEnabled && service.providerLocalUrl !== null;
  if (isOwn && details && 'newEmail' in details) {
    return linkTo(page, { type: purpose, email: details.newEmail, old_email: email, token });
  }
  return linkTo(page, query);
}
