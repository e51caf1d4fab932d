import { DEVICE_LIFE_MS } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import type { HttpOptions } from './deps.ts';

type Options = Pick<HttpOptions, 'publicUrl'>;

/** The prefix makes browsers refuse the cookie from any other host (RFC 6265bis, 4.1.3.2); it takes HTTPS. */
const nameFor = ({ publicUrl }: Options): string =>
  publicUrl.startsWith('https:') ? '__Host-rekey-device' : 'rekey-device';

/** Keeps the token of a device in the browser that a hosted page was opened in. Scripts cannot read it. */
export function deviceCookie(token: string, options: Options): string {
  const name = nameFor(options);
  const isSecure = name.startsWith('__Host-');
  const life = `Max-Age=${DEVICE_LIFE_MS / 1000}; Path=/; HttpOnly; SameSite=Strict`;
  return `${name}=${token}; ${life}${isSecure ? '; Secure' : ''}`;
}

const COOKIE = /(?:^|; )(?:__Host-)?rekey-device=([\w.-]{1,300})(?:;|$)/;
const MAX_COOKIES = 4096;

/** The token of the device that the browser keeps; undefined where it keeps none. */
export function deviceCookieOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { cookie = '' } = headers;
  return cookie.length > MAX_COOKIES ? undefined : COOKIE.exec(cookie)?.[1];
}

/** Whether a page of this server sent the request. Only browsers say so, and no script can say it for another site. */
export const isOwnPage = (
  { headers }: Pick<FastifyRequest, 'headers'>,
  { publicUrl }: Options,
): boolean =>
  headers['sec-fetch-site'] === 'same-origin' && headers.origin === new URL(publicUrl).origin;
