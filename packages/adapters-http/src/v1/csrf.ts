import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { AuditAsked, idOf, instant, instantOut, malformed, parsed } from './shared.ts';

const DEFAULT_EXPIRES_S = 1000;
const MAX_EXPIRES_S = 86_400;

const VALUE = 'rkc_not-a-real-token';

const CsrfQuery = Type.Object(
  {
    expires_s: Type.Optional(
      parsed<number>({
        description: `Seconds for which it is good: a whole number from 0 to ${MAX_EXPIRES_S}; ${DEFAULT_EXPIRES_S} unless given.`,
        examples: [String(DEFAULT_EXPIRES_S)],
        parse: (text, field) => {
          if (!/^\d{1,9}$/.test(text) || Number(text) > MAX_EXPIRES_S) {
            throw malformed(field, `must be a whole number from 0 to ${MAX_EXPIRES_S}`);
          }
          return Number(text);
        },
      }),
    ),
  },
  strict,
);

const Csrf = Type.Object(
  {
    created_at: instant('When it was made.'),
    key: Type.String({
      description: 'The token: shown in this answer only.',
      examples: [VALUE],
    }),
    value: Type.String({ description: 'Equal to `key`.', examples: [VALUE] }),
    ttl: instant('When it expires.'),
    service_id: idOf('service', 'The service that may spend it.'),
  },
  { $id: 'Csrf' },
);
const CsrfCreated = Type.Object({ csrf: Csrf }, { $id: 'CsrfCreated' });

const GivenCsrf = Type.Object(
  {
    csrf: Type.String({ description: 'The token.', examples: [VALUE] }),
    audit: AuditAsked,
  },
  { $id: 'GivenCsrf', ...strict },
);
const CsrfVerified = Type.Object(
  { audit: Type.Optional(idOf('entry', 'The entry that was asked for.')) },
  { $id: 'CsrfVerified' },
);

export const csrfRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/auth/csrf',
      {
        schema: {
          operationId: 'createCsrfToken',
          tags: ['csrf'],
          summary: 'Make a token for a form',
          description: 'It shows once, to this service alone, that the form came back.',
          security: ['serviceKey'],
          querystring: CsrfQuery,
          response: { 200: CsrfCreated },
        },
      },
      async (request) => {
        const { expires_s = DEFAULT_EXPIRES_S } = request.query;
        const { createCsrfToken } = deps.useCases.csrf;
        const made = await createCsrfToken.execute(actorOf(request), { ttlMs: expires_s * 1000 });
        return {
          csrf: {
            created_at: instantOut(made.createdAt),
            key: made.value,
            value: made.value,
            ttl: instantOut(made.expiresAt),
            service_id: made.serviceId,
          },
        };
      },
    );

    app.post(
      '/auth/csrf',
      {
        schema: {
          operationId: 'verifyCsrfToken',
          tags: ['csrf'],
          summary: 'Spend a token of a form',
          description: 'It works once. A try of another service does not spend it.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenCsrf,
          response: { 200: CsrfVerified },
        },
      },
      async (request) => {
        const { csrf: value, audit: asked } = request.body;
        const { verifyCsrfToken } = deps.useCases.csrf;
        const audit = await verifyCsrfToken.execute(actorOf(request), { value, audit: asked });
        return audit === null ? {} : { audit };
      },
    );
  };
