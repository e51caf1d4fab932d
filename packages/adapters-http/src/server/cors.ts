import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpOptions } from './deps.ts';

const HEADERS = 'authorization, content-type, accept, idempotency-key';

/** The paths that pages of other origins may call, and what of a request they may set. */
const dialects = [
  {
    path: /^\/v1\//,
    methods: 'GET, POST, PUT, PATCH, DELETE',
    headers: `${HEADERS}, user-authorization`,
  },
  { path: /^\/users\//, methods: 'GET, POST, PUT, DELETE', headers: HEADERS },
];
const EXPOSED = 'Link, Retry-After, WWW-Authenticate, Idempotency-Replayed';
const MAX_AGE_S = '3600';

type Cors = {
  /** Sets the headers by which browsers know which pages may see the answer, whatever it is. */
  mark(request: FastifyRequest, reply: FastifyReply): void;
  /** Whether a browser asks if a page may send a request. */
  isPreflight(request: FastifyRequest): boolean;
};

/**
 * Cross-origin resource sharing (the Fetch standard, 3.2) for exact origins. Never with cookies: `credentials` is not
 * allowed, so that a page can act for nobody who did not give it a token.
 */
export function cors({ corsAllowOrigin }: Pick<HttpOptions, 'corsAllowOrigin'>): Cors {
  const allowed = new Set(corsAllowOrigin);
  const isPreflight = ({ method, url, headers }: FastifyRequest) =>
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined &&
    dialectOf(url) !== undefined;

  return {
    isPreflight,
    mark(request, reply) {
      const { url, headers } = request;
      const dialect = dialectOf(url);
      if (dialect === undefined) return;
      // Also where no origin is named: a cache must not give that answer to a page.
      reply.header('vary', 'Origin');
      const { origin } = headers;
      if (origin === undefined || !allowed.has(origin)) return;
      reply.header('access-control-allow-origin', origin);
      if (!isPreflight(request)) {
        reply.header('access-control-expose-headers', EXPOSED);
        return;
      }
      reply.headers({
        'access-control-allow-methods': dialect.methods,
        'access-control-allow-headers': dialect.headers,
        'access-control-max-age': MAX_AGE_S,
      });
    },
  };
}

const dialectOf = (url: string) => dialects.find(({ path }) => path.test(url));
