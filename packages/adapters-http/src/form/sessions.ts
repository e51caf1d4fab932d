import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf, admit } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, email, strict } from '../server/fields.ts';
import { FormUser, formUserOut } from './users.ts';

const FormCredentials = Type.Object(
  { email, password: currentPassword },
  { $id: 'FormCredentials', ...strict },
);

const FormLoggedIn = Type.Object(
  { user: FormUser, token: Type.String({ examples: ['example.encrypted.token.of.login'] }) },
  { $id: 'FormLoggedIn' },
);

export const sessionRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/login',
      {
        onRequest: admit(deps),
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
      async (request) => {
        const { login } = deps.useCases.sessions;
        const { user, access } = await login.execute(actorOf(request), {
          ...request.body,
          tokenForm: 'encrypted',
        });
        return { user: formUserOut(user), token: access.token };
      },
    );
  };
