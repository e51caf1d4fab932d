import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { Problem } from '../problem.ts';
import { callerOf, requireCaller, requireService, serviceOf } from './caller.ts';
import { IdParams, idOf } from './id.ts';
import { KeyCreated, KeyRead, keyOut, NewKey } from './schemas.ts';

export const keyRoutes =
  ({ authenticateKey, createKey, readKey }: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/key',
      {
        onRequest: [requireService(authenticateKey), consumes('application/json')],
        schema: { body: NewKey, response: { 200: KeyCreated, default: Problem } },
      },
      async (request) => {
        const { body } = request;
        const { key, value } = await createKey.execute({
          service: serviceOf(request),
          isEnabled: body.is_enabled,
          type: body.type,
          name: body.name,
          userId: body.user_id.toLowerCase(),
          origin: originOf(request),
        });
        return { data: { key: keyOut(key), value } };
      },
    );

    app.get(
      '/key/:id',
      {
        onRequest: requireCaller(authenticateKey),
        schema: { params: IdParams, response: { 200: KeyRead, default: Problem } },
      },
      async (request) => {
        const key = await readKey.execute({ caller: callerOf(request), id: idOf(request) });
        return { data: keyOut(key) };
      },
    );
  };
