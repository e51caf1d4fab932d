import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { Audited, idOf } from './shared.ts';

const GivenCode = Type.Object(
  {
    user_id: idOf('user', 'The user that the key is of.'),
    totp: Type.String({ description: 'Six digits.', minLength: 1, examples: ['000000'] }),
  },
  { $id: 'GivenCode', ...strict },
);

export const factorRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/totp',
      {
        schema: {
          operationId: 'verifyTotp',
          tags: ['factors'],
          summary: 'Verify a one-time code',
          description:
            'RFC 6238, with the key of the type TOTP that this service made for the user.',
          security: ['serviceKey'],
          errors: ['invalid_credentials', 'too_many_requests'],
          body: GivenCode,
          response: { 200: Audited },
        },
      },
      async (request) => {
        const { user_id, totp } = request.body;
        const audit = await deps.useCases.factors.verifyTotp.execute(actorOf(request), {
          userId: user_id.toLowerCase(),
          code: totp,
        });
        return { audit };
      },
    );
  };
