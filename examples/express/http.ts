import { type Problem, RekeyError } from '@rekey/client';
import type { CookieOptions, NextFunction, Request, Response } from 'express';
import { messagePage } from './pages.ts';

/** No script runs but that of passkeys, no picture is shown but a QR code, and nothing is framed, cached or guessed. */
export const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Other sites learn nothing; for forms of our own, browsers say where they come from.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Cookies that no script of a page can read and no other site can use. */
export function cookies({ secure }: { readonly secure: boolean }) {
  // With the prefix, a browser takes the cookie over HTTPS alone, and from no other host of the domain.
  const nameOf = (name: string) => `${secure ? '__Host-' : ''}${name}`;
  const options: CookieOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure };
  return {
    /** Empty where there is none. */
    read({ headers }: Request, name: string): string {
      const all = (headers.cookie ?? '').split('; ').map((text) => text.split('='));
      return all.find(([each]) => each === nameOf(name))?.[1] ?? '';
    },
    set(response: Response, name: string, value: string, life: CookieOptions): void {
      response.cookie(nameOf(name), value, { ...options, ...life });
    },
    clear(response: Response, name: string): void {
      response.clearCookie(nameOf(name), options);
    },
  };
}

/**
 * For whom a call is made: what Rekey throttles by, and tells the owner of the account. Express believes a forwarded
 * address only from the proxies that `trust proxy` names, and by default from none.
 */
export function callFor({ ip = '', headers }: Request) {
  return { address: ip.replace(/^::ffff:/, ''), client: headers['user-agent'] ?? '' };
}

/** Only text, and never undefined: Rekey says what is wrong with a field that is empty. */
export function field({ body }: Request, name: string): string {
  const value: unknown = body?.[name];
  return typeof value === 'string' ? value : '';
}

/** The boxes of that name that are ticked. */
export const ticked = ({ body }: Request, name: string): unknown[] => [body?.[name] ?? []].flat();

/** Browsers say where a form comes from: the older ones by its origin alone. */
export function refuseForeignSites(request: Request, response: Response, next: NextFunction) {
  const { 'sec-fetch-site': site = 'none', origin, host } = request.headers;
  const isOurSite = site === 'same-origin' || site === 'none';
  const isOurOrigin = origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
  if (request.method === 'GET' || request.method === 'HEAD' || (isOurSite && isOurOrigin)) next();
  else response.status(403).send(messagePage('This form is not ours.'));
}

export const isCode = (error: unknown, code: Problem['code']): boolean =>
  error instanceof RekeyError && error.code === code;

/** What a person, or the program of one, is told about an error; everything else is for the log. */
export function answerTo(error: unknown): {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  if (!(error instanceof RekeyError)) {
    const { status = 500 } = error as { status?: number };
    if (status >= 400 && status < 500)
      return { status, message: 'This cannot be read.', headers: {} };
    console.error(error instanceof Error ? error.message : 'failed');
    return { status: 500, message: 'Something went wrong here.', headers: {} };
  }
  const { status, code, problem, retryAfterS, requestId } = error;
  const headers = retryAfterS === null ? {} : { 'Retry-After': String(retryAfterS) };
  if (problem !== null && [400, 403, 404, 429, 503].includes(status)) {
    const reasons = problem.errors?.map((each) => `${each.field} ${each.message}`);
    return { status, message: reasons?.join('; ') ?? problem.detail, headers };
  }
  // The key of the shop is wrong, or something is broken: not the user's fault.
  console.error({ status, code, requestId });
  return { status: 500, message: 'Something went wrong here.', headers };
}

/** Express needs the fourth parameter, and its own page of an error would lack our headers. */
export function answerError(
  error: unknown,
  _request: Request,
  response: Response,
  _next: NextFunction,
) {
  const { status, message, headers } = answerTo(error);
  response.status(status).set(headers).send(messagePage(message));
}
