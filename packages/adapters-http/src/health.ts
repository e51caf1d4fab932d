import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { HttpDeps, Jwks } from './deps.ts';
import { HttpError, Problem } from './problem.ts';

const Status = Type.Object({ status: Type.String() });

/** Public members of Ed25519 keys (RFC 8037) and no others: a private one could not get out. */
const PublicKey = Type.Object({
  kty: Type.String(),
  crv: Type.String(),
  x: Type.String(),
  kid: Type.String(),
  use: Type.Optional(Type.String()),
  alg: Type.Optional(Type.String()),
});
const PublicKeys = Type.Unsafe<Jwks>(Type.Object({ keys: Type.Array(PublicKey) }));

/** Seconds: a restart, or a database that comes back, takes about as long. */
const RETRY_AFTER = '5';

/** What operators and verifiers ask. */
export const health =
  ({ isReady, jwks }: HttpDeps, isDraining: () => boolean): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get('/ping', async () => 'Pong');

    app.get(
      '/health/live',
      { schema: { response: { 200: Status, default: Problem } } },
      async () => ({ status: 'live' }),
    );

    app.get(
      '/health/ready',
      { schema: { response: { 200: Status, default: Problem } } },
      async () => {
        if (isDraining() || !(await isReady().catch(() => false))) {
          const headers = { 'retry-after': RETRY_AFTER };
          throw new HttpError('unavailable', 'not ready', { headers });
        }
        return { status: 'ready' };
      },
    );

    app.get(
      '/.well-known/jwks.json',
      { schema: { response: { 200: PublicKeys, default: Problem } } },
      async () => jwks(),
    );
  };
