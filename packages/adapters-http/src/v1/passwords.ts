import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PasswordQuality } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import {
  currentPassword,
  deviceToken,
  differs,
  email,
  linkToken,
  name,
  newPassword,
  strict,
} from '../server/fields.ts';
import { Violated } from '../server/problem.ts';
import { nullable } from './shared.ts';

const NewPassword = Type.Object(
  {
    email,
    password: currentPassword,
    new_password: newPassword,
    device: Type.Optional(deviceToken),
  },
  { $id: 'NewPassword', ...strict, check: differs('new_password') },
);

const CheckedPassword = Type.Object(
  {
    password: Type.String({
      description: 'The password to be judged. Whatever is wrong with it, the answer says so.',
      examples: ['not-a-real-password'],
      format: 'password',
    }),
    email: Type.Optional(email),
    name: Type.Optional(name('Ada')),
  },
  { $id: 'CheckedPassword', ...strict },
);

const AskedReset = Type.Object(
  { email, device: Type.Optional(deviceToken) },
  { $id: 'AskedReset', ...strict },
);
const ResetAsked = Type.Object({}, { $id: 'ResetAsked' });

const ConfirmedReset = Type.Object(
  { token: linkToken, password: newPassword },
  { $id: 'ConfirmedReset', ...strict },
);

/** The quality of a password, as far as it is known. */
export const PasswordMeta = Type.Object(
  {
    password_strength: nullable<number>(
      'integer',
      'From 0 (guessed at once) to 4 (very hard to guess); null where there is no password.',
      {
        minimum: 0,
        maximum: 4,
        examples: [3],
      },
    ),
    password_pwned: nullable<boolean>(
      'boolean',
      '`true` where the list of common passwords or the breach list has it, `false` where the breach list was asked and does not; null where neither can tell.',
      { examples: [null] },
    ),
  },
  { $id: 'PasswordMeta' },
);

export const metaOut = (quality: PasswordQuality | null): Static<typeof PasswordMeta> => ({
  password_strength: quality?.strength ?? null,
  password_pwned: quality?.isPwned ?? null,
});

const PasswordChecked = Type.Object(
  {
    meta: PasswordMeta,
    errors: Type.Array(Violated, {
      description: 'All that `PASSWORD_POLICY` has against it; empty where it could be set.',
    }),
  },
  { $id: 'PasswordChecked' },
);
const PasswordUpdated = Type.Object({ meta: PasswordMeta }, { $id: 'PasswordUpdated' });

export const passwordRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/password/check',
      {
        schema: {
          operationId: 'checkPassword',
          tags: ['passwords'],
          summary: 'Find out whether a password could be set',
          description:
            'The verdict that a change to the password would get, for a person of that name and address. Nothing is kept.',
          security: ['serviceKey', 'rootKey'],
          errors: ['overloaded'],
          body: CheckedPassword,
          response: { 200: PasswordChecked },
        },
      },
      async (request) => {
        const { checkPassword } = deps.useCases.passwords;
        const { quality, violations } = await checkPassword.execute(actorOf(request), request.body);
        return { meta: metaOut(quality), errors: [...violations] };
      },
    );

    app.post(
      '/auth/provider/local/update-password',
      {
        schema: {
          operationId: 'updatePassword',
          tags: ['passwords'],
          summary: 'Change the password of a user',
          description:
            'Ends every session of the user. The owner gets a mail with a link that locks the account.',
          security: ['serviceKey'],
          errors: ['invalid_credentials', 'too_many_requests', 'overloaded'],
          body: NewPassword,
          response: { 200: PasswordUpdated },
        },
      },
      async (request) => {
        const { email, password, new_password, device } = request.body;
        const { quality } = await deps.useCases.passwords.updatePassword.execute(actorOf(request), {
          email,
          password,
          newPassword: new_password,
          device,
        });
        return { meta: metaOut(quality) };
      },
    );

    app.post(
      '/auth/provider/local/reset-password',
      {
        schema: {
          operationId: 'requestReset',
          tags: ['passwords'],
          summary: 'Ask for a mail with which a user sets a new password',
          description:
            'The answer is always this one, after as much work: it tells nothing of the account. A mail with a link goes to a user who is enabled, has a usable TOKEN key of your service, and whose `password_allow_reset` is not `false`. The old password works until then. The link of an earlier mail works no longer. Strangers can use up what is mailed to one address in an hour; a request with a `device` of the account, or from a network that it logs in from, has a share of its own.',
          security: ['serviceKey'],
          body: AskedReset,
          response: { 200: ResetAsked },
        },
      },
      async (request) => {
        await deps.useCases.passwords.requestReset.execute(actorOf(request), request.body);
        return {};
      },
    );

    app.post(
      '/auth/provider/local/reset-password/confirm',
      {
        schema: {
          operationId: 'confirmReset',
          tags: ['passwords'],
          summary: 'Set a password with the token of the mail',
          description:
            'Takes the tokens of the types `reset_password` and `invite`. Ends every session of the user, and counts as a proof of the address. The owner gets a mail with a link that locks the account. A password that is refused leaves the token good.',
          security: ['serviceKey'],
          errors: ['invalid_one_time_token', 'overloaded'],
          body: ConfirmedReset,
          response: { 200: PasswordUpdated },
        },
      },
      async (request) => {
        const { confirmReset } = deps.useCases.passwords;
        const { quality } = await confirmReset.execute(actorOf(request), request.body);
        return { meta: metaOut(quality) };
      },
    );
  };
