import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { Problem } from '../problem.ts';
import { callerOf, requireCaller, requireService, serviceOf } from './caller.ts';
import { IdParams, idOf } from './id.ts';
import { metaOut, NewUser, UserCreated, UserRead, userOut } from './schemas.ts';

export const userRoutes =
  ({ authenticateKey, createUser, readUser }: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/user',
      {
        onRequest: [requireService(authenticateKey), consumes('application/json')],
        schema: { body: NewUser, response: { 200: UserCreated, default: Problem } },
      },
      async (request) => {
        const { body } = request;
        const { user, quality } = await createUser.execute({
          service: serviceOf(request),
          isEnabled: body.is_enabled,
          name: body.name,
          email: body.email,
          locale: body.locale,
          timezone: body.timezone,
          password: body.password,
          passwordAllowReset: body.password_allow_reset,
          passwordRequireUpdate: body.password_require_update,
          origin: originOf(request),
        });
        return { meta: metaOut(quality), data: userOut(user) };
      },
    );

    app.get(
      '/user/:id',
      {
        onRequest: requireCaller(authenticateKey),
        schema: { params: IdParams, response: { 200: UserRead, default: Problem } },
      },
      async (request) => {
        const user = await readUser.execute({ caller: callerOf(request), id: idOf(request) });
        return { data: userOut(user) };
      },
    );
  };
