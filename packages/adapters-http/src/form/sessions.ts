import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { currentPassword, deviceToken, email } from '../server/fields.ts';
import { FormUser, formUserOut } from './users.ts';

const FormCredentials = Type.Object(
  { email, password: currentPassword, device: Type.Optional(deviceToken) },
  { $id: 'FormCredentials' },
);

const FormLoggedIn = Type.Object(
  {
    user: FormUser,
    token: Type.String({ examples: ['example.encrypted.token.of.login'] }),
    device: deviceToken,
  },
  { $id: 'FormLoggedIn' },
);

export const sessionRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const cookie = deviceCookie(deps.options);
    app.post(
      '/login',
      {
        schema: {
          operationId: 'signIn',
          tags: ['forms'],
          summary: 'Log in',
          description: 'Wrong credentials are a 401 here.',
          security: [],
          errors: [
            'invalid_credentials',
            'password_update_required',
            'too_many_requests',
            'overloaded',
            'unavailable',
          ],
          statusOf: { invalid_credentials: 401 },
          body: FormCredentials,
          response: { 200: FormLoggedIn },
        },
      },
      async (request, reply) => {
        const { login } = deps.useCases.sessions;
        const { user, access, device } = await login.execute(actorOf(request), {
          ...request.body,
          device: request.body.device ?? cookie.read(request),
          tokenForm: 'encrypted',
        });
        cookie.keep(device, request, reply);
        return { user: formUserOut(user), token: access.token, device };
      },
    );
  };
