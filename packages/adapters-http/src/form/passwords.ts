import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { currentPassword, deviceToken, differs, linkToken, newPassword } from '../server/fields.ts';
import { claimedEmail, FormUser, formUserOut } from './shared.ts';

const FormNewPassword = Type.Object(
  { email: claimedEmail, password: currentPassword, newPassword },
  { $id: 'FormNewPassword', check: differs('newPassword') },
);

const FormSignedOutPassword = Type.Object(
  {
    ...FormNewPassword.properties,
    code: Type.Optional(
      Type.String({
        description:
          'Of the second factor, where the account has one: six digits, or a recovery code.',
        examples: ['000000'],
      }),
    ),
    device: Type.Optional(deviceToken),
  },
  { $id: 'FormSignedOutPassword', check: differs('newPassword') },
);

const FormAskedReset = Type.Object(
  { email: claimedEmail, device: Type.Optional(deviceToken) },
  { $id: 'FormAskedReset' },
);

const FormConfirmedReset = Type.Object(
  {
    token: linkToken,
    newPassword,
  },
  { $id: 'FormConfirmedReset' },
);

export const passwordRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const cookie = deviceCookie(deps.options);

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
          errors: ['invalid_credentials', 'too_many_requests', 'overloaded', 'forbidden'],
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

    app.post(
      '/update/password',
      {
        schema: {
          operationId: 'changePasswordSignedOut',
          tags: ['forms'],
          summary: 'Change the own password without a session',
          description:
            'For people who have to change the password before they can log in, and for pages that need no session. Counts as a login does. Ends every session. The owner gets a mail with a link that locks the account.',
          security: [],
          errors: [
            'second_factor_required',
            'invalid_credentials',
            'too_many_requests',
            'overloaded',
          ],
          body: FormSignedOutPassword,
          response: { 200: FormUser },
        },
      },
      async (request, reply) => {
        const { updatePassword } = deps.useCases.passwords;
        const { device: given = cookie.read(request), ...change } = request.body;
        const asked = { ...change, device: given };
        const { user, device } = await updatePassword.execute(actorOf(request), asked);
        cookie.keep(device, request, reply);
        return formUserOut(user);
      },
    );

    app.post(
      '/recoverPassword',
      {
        schema: {
          operationId: 'recoverPassword',
          tags: ['forms'],
          summary: 'Ask for a mail that sets a new password',
          description:
            'The answer is always this one, after as much work: it tells nothing of the account. The mail has a link, to `RECOVER_PASSWORD_URL` where that is set. The old password works until then. The link of an earlier mail works no longer. Strangers can use up what is mailed to one address in an hour; a request from a device of the account, or from a network that it logs in from, has a share of its own.',
          security: [],
          body: FormAskedReset,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { email, device = cookie.read(request) } = request.body;
        const { requestReset } = deps.useCases.passwords;
        await requestReset.execute(actorOf(request), { email, device });
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/recoverPassword/confirm',
      {
        schema: {
          operationId: 'confirmRecoverPassword',
          tags: ['forms'],
          summary: 'Set a new password with the token of the mail',
          description:
            'Ends every session, and counts as a proof of the address. The owner gets a mail with a link that locks the account. A password that is refused leaves the token good.',
          security: [],
          errors: ['invalid_one_time_token', 'overloaded'],
          body: FormConfirmedReset,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const { token, newPassword: password } = request.body;
        const { confirmReset } = deps.useCases.passwords;
        const { user } = await confirmReset.execute(actorOf(request), {
          token,
          password,
          field: 'newPassword',
        });
        return formUserOut(user);
      },
    );
  };
