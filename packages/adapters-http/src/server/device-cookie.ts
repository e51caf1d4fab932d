import { DEVICE_LIFE_MS, MAX_DEVICE_TOKEN_LENGTH } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpOptions } from './deps.ts';

/** The cookie by which the browser of a hosted page is known. */
type DeviceCookie = {
  /** The token in it; undefined where there is none. */
  read(request: Pick<FastifyRequest, 'headers'>): string | undefined;
  /** Keeps a token in the browser whose page sent the request; programs have it from the body of the answer. */
  keep(token: string, request: Pick<FastifyRequest, 'headers'>, reply: FastifyReply): void;
};

/** All cookies of a host come in one header; one that is longer than this is passed over. */
const MAX_COOKIES_LENGTH = 4096;

export function deviceCookie({ publicUrl }: Pick<HttpOptions, 'publicUrl'>): DeviceCookie {
  // Browsers take a cookie with this prefix from this host alone, and by HTTPS (RFC 6265bis, 4.1.3.2).
  const isSecure = publicUrl.startsWith('https:');
  const name = isSecure ? '__Host-rekey-device' : 'rekey-device';
  // No script can read it.
  const life = `Max-Age=${DEVICE_LIFE_MS / 1000}; Path=/; HttpOnly; SameSite=Strict`;
  const attributes = isSecure ? `${life}; Secure` : life;
  const form = new RegExp(`(?:^|; )${name}=([\\w.-]{1,${MAX_DEVICE_TOKEN_LENGTH}})(?:;|$)`);
  return {
    read: ({ headers: { cookie = '' } }) =>
      cookie.length > MAX_COOKIES_LENGTH ? undefined : form.exec(cookie)?.[1],
    keep: (token, { headers }, reply) => {
      const isOwnPage = headers['sec-fetch-site'] === 'same-origin';
      if (isOwnPage) reply.header('set-cookie', `${name}=${token}; ${attributes}`);
    },
  };
}
