import { DEVICE_LIFE_MS, MAX_DEVICE_TOKEN_LENGTH } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import type { HttpOptions } from './deps.ts';

type Request = Pick<FastifyRequest, 'headers'>;

/** The cookie by which the browser of a hosted page is known. */
export type DeviceCookie = {
  /** The token in it; undefined where there is none, or another page sent the request. */
  read(request: Request): string | undefined;
  /** The header that keeps a token in the browser; undefined where another page, or no browser, sent the request. */
  write(request: Request, token: string): string | undefined;
};

/** A browser sends all cookies of a host in one header; of a longer one there is no telling. */
const MAX_COOKIES_LENGTH = 4096;

export function deviceCookie({ publicUrl }: Pick<HttpOptions, 'publicUrl'>): DeviceCookie {
  const { protocol, origin } = new URL(publicUrl);
  // Browsers take a cookie with this prefix from this host alone, and by HTTPS (RFC 6265bis, 4.1.3.2).
  const isSecure = protocol === 'https:';
  const name = isSecure ? '__Host-rekey-device' : 'rekey-device';
  // No script can read it.
  const life = `Max-Age=${DEVICE_LIFE_MS / 1000}; Path=/; HttpOnly; SameSite=Strict`;
  const attributes = isSecure ? `${life}; Secure` : life;
  const form = new RegExp(`(?:^|; )${name}=([\\w.-]{1,${MAX_DEVICE_TOKEN_LENGTH}})(?:;|$)`);

  /** Whether a page of this server sent the request: only browsers say so, and no script says it for another site. */
  const isOwn = ({ headers }: Request): boolean =>
    headers['sec-fetch-site'] === 'same-origin' && headers.origin === origin;

  return {
    read: (request) => {
      const { cookie = '' } = request.headers;
      if (!isOwn(request) || cookie.length > MAX_COOKIES_LENGTH) return undefined;
      return form.exec(cookie)?.[1];
    },
    write: (request, token) => (isOwn(request) ? `${name}=${token}; ${attributes}` : undefined),
  };
}
