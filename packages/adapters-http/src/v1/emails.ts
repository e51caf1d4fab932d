import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, deviceToken, email, newEmail, strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { pathOf } from './shared.ts';

const NewEmail = Type.Object(
  {
    email,
    password: currentPassword,
    new_email: newEmail,
    device: Type.Optional(deviceToken),
  },
  { $id: 'NewEmail', ...strict },
);
const EmailUpdated = Type.Object({}, { $id: 'EmailUpdated' });
const ValidationSent = Type.Object({}, { $id: 'ValidationSent' });

export const emailRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/provider/local/update-email',
      {
        schema: {
          operationId: 'updateEmail',
          tags: ['users'],
          summary: 'Change the e-mail address of a user',
          description:
            'At once, and it ends every session of the user. The address from before gets a mail with a link that locks the account and gives that address back, which nobody else can have until the link expires. The new one gets a mail that asks for a proof. An address that is taken is refused like one that cannot be used, once the password proved to be right.',
          security: ['serviceKey'],
          errors: [
            'invalid_credentials',
            'password_update_required',
            'too_many_requests',
            'overloaded',
          ],
          body: NewEmail,
          response: { 200: EmailUpdated },
        },
      },
      async (request) => {
        const { new_email: newEmail, ...claim } = request.body;
        await deps.useCases.users.updateEmail.execute(actorOf(request), { ...claim, newEmail });
        return {};
      },
    );

    app.post(
      '/user/:id/validate-email',
      {
        schema: {
          operationId: 'sendValidationTo',
          tags: ['users'],
          summary: 'Mail a user a link that proves the address',
          description:
            'For a service that sees the user, and for a root key. Earlier links work on. Nothing is sent where the address is proven or the user is disabled, nor to a mailbox that got many mails of late. A service asks three times an hour for a user.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'account_locked', 'too_many_requests'],
          params: pathOf('user'),
          body: Type.Object({}, strict),
          response: { 200: ValidationSent },
        },
      },
      async (request) => {
        const { sendValidation } = deps.useCases.users;
        await sendValidation.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
