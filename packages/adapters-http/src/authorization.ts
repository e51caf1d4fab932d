import type { FastifyRequest } from 'fastify';

/** RFC 9110, 11.2: what tokens are written with. */
const TOKEN = String.raw`([\w.~+/-]+=*)`;
const KEY = new RegExp(`^(?:(?:key|bearer) +)?${TOKEN}$`, 'i');
const BEARER = new RegExp(`^bearer +${TOKEN}$`, 'i');

/** The key of `Authorization: KEY`, `key KEY` or `Bearer KEY`. */
export function keyOf({ headers }: FastifyRequest): string | null {
  return KEY.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** The token of `Authorization: Bearer TOKEN`. */
export function bearerTokenOf({ headers }: FastifyRequest): string | null {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}
