import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { HttpDeps, Jwks } from './deps.ts';
import { HttpError } from './problem.ts';

const Health = (status: string, version: string) =>
  Type.Object({
    status: Type.String({ examples: [status] }),
    version: Type.String({ description: 'Of the program that answers.', examples: [version] }),
  });

const ed25519Key = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: 'example-of-a-public-key',
  kid: 'example-key-id',
  use: 'sig',
  alg: 'EdDSA',
};
const rsaKey = {
  kty: 'RSA',
  n: 'example-of-a-modulus',
  e: 'AQAB',
  kid: 'example-of-another-key-id',
  use: 'sig',
  alg: 'RS256',
};
const ofEd25519 = Type.Optional(Type.String({ description: 'Of an Ed25519 key.' }));
const ofRsa = Type.Optional(Type.String({ description: 'Of an RSA key.' }));

/** Public members of Ed25519 keys (RFC 8037) and RSA keys (RFC 7518) and no others: a private one could not get out. */
const PublicKey = Type.Object(
  {
    kty: Type.String(),
    crv: ofEd25519,
    x: ofEd25519,
    n: ofRsa,
    e: ofRsa,
    kid: Type.String(),
    use: Type.Optional(Type.String()),
    alg: Type.Optional(Type.String()),
  },
  { examples: [ed25519Key, rsaKey] },
);
const Pong = Type.String({ examples: ['Pong'] });
const PublicKeys = Type.Unsafe<Jwks>(Type.Object({ keys: Type.Array(PublicKey) }));

/** Seconds: about as long as a restart takes, or a database that comes back. */
const RETRY_AFTER_S = '5';

/** The routes of operators and verifiers. */
export const health =
  ({ isReady, jwks, version }: HttpDeps, isDraining: () => boolean): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        schema: {
          operationId: 'readVerificationKeys',
          tags: ['operation'],
          summary: 'Read the keys that access tokens are verified with',
          security: [],
          response: { 200: PublicKeys },
        },
      },
      async () => jwks(),
    );

    app.get(
      '/health/ready',
      {
        schema: {
          operationId: 'readReadiness',
          tags: ['operation'],
          summary: 'Ask whether requests should be sent here',
          security: [],
          errors: ['unavailable'],
          response: { 200: Health('ready', version) },
        },
      },
      async () => {
        if (isDraining() || !(await isReady().catch(() => false))) {
          const headers = { 'retry-after': RETRY_AFTER_S };
          throw new HttpError('unavailable', 'not ready', { headers });
        }
        return { status: 'ready', version };
      },
    );

    app.get(
      '/health/live',
      {
        schema: {
          operationId: 'readLiveness',
          tags: ['operation'],
          summary: 'Ask whether the process is alive',
          security: [],
          response: { 200: Health('live', version) },
        },
      },
      async () => ({ status: 'live', version }),
    );

    app.get(
      '/ping',
      {
        schema: {
          operationId: 'ping',
          tags: ['operation'],
          summary: 'Ask for a Pong',
          security: [],
          response: { 200: { content: { 'text/plain': { schema: Pong } } } },
        },
      },
      async () => 'Pong',
    );
  };
