import { hash } from 'node:crypto';
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

/** Whoever trusts a key that was taken out of the file does so for that long; and a new key is seen as late at the latest. */
const JWKS_MAX_AGE_S = 60;
const DISCOVERY_MAX_AGE_S = 3600;

const Discovery = Type.Object({
  issuer: Type.String({
    description: 'The `iss` of the tokens that services are handed.',
    examples: ['http://localhost:8042'],
  }),
  jwks_uri: Type.String({ examples: ['http://localhost:8042/.well-known/jwks.json'] }),
});
const discoveryDocuments = [
  ['oauth-authorization-server', 'readIssuer'],
  ['openid-configuration', 'readIssuerForOpenId'],
] as const;

/** Seconds: about as long as a restart takes, or a database that comes back. */
const RETRY_AFTER_S = '5';

/** The routes of operators and verifiers. */
export const health =
  (
    { isReady, jwks, version, options }: HttpDeps,
    isDraining: () => boolean,
  ): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        schema: {
          operationId: 'readVerificationKeys',
          tags: ['operation'],
          summary: 'Read the keys that access tokens are verified with',
          description: `May be kept for ${JWKS_MAX_AGE_S} seconds, and has an \`ETag\`. A token with a \`kid\` that is not among them is a reason to ask again.`,
          security: [],
          response: { 200: PublicKeys },
        },
      },
      async (request, reply) => {
        const keys = await jwks();
        const etag = `"${hash('sha256', JSON.stringify(keys), 'base64url')}"`;
        const cacheControl = `public, max-age=${JWKS_MAX_AGE_S}`;
        reply.headers({ 'cache-control': cacheControl, etag });
        const known = request.headers['if-none-match']?.split(/,\s*/) ?? [];
        if (!known.includes(etag)) return keys;
        reply.hijack();
        reply.raw.writeHead(304, reply.getHeaders() as Record<string, string>).end();
        return reply as never;
      },
    );

    for (const [document, operationId] of discoveryDocuments) {
      app.get(
        `/.well-known/${document}`,
        {
          schema: {
            operationId,
            tags: ['operation'],
            summary: 'Find out who issues access tokens, and where the keys are',
            description:
              'For gateways that look for an issuer and its keys here (RFC 8414). Rekey is no OpenID provider and has no authorization endpoint, so nothing else stands here.',
            security: [],
            response: { 200: Discovery },
          },
        },
        async (_request, reply) => {
          reply.header('cache-control', `public, max-age=${DISCOVERY_MAX_AGE_S}`);
          const { publicUrl } = options;
          return { issuer: publicUrl, jwks_uri: `${publicUrl}/.well-known/jwks.json` };
        },
      );
    }

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
