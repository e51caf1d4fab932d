import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, differs, email, newPassword } from '../server/fields.ts';
import { FormUser, formUserOut } from './shared.ts';

const FormNewPassword = Type.Object(
  { email, password: currentPassword, newPassword },
  { $id: 'FormNewPassword', check: differs('newPassword') },
);

export const passwordRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.put(
      '/update/password',
      {
        schema: {
          operationId: 'changePassword',
          tags: ['forms'],
          summary: 'Change the own password',
          description:
            'Ends every other session. The owner gets a mail with a link that locks the account.',
          security: ['accessToken'],
          errors: ['invalid_credentials', 'too_many_requests', 'overloaded'],
          body: FormNewPassword,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const { updatePassword } = deps.useCases.passwords;
        const { user } = await updatePassword.execute(actorOf(request), request.body);
        return formUserOut(user);
      },
    );
  };
