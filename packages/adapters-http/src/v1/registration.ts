import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { email, linkToken, name, strict } from '../server/fields.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import { flag } from './shared.ts';
import { locale, timezone } from './users.ts';

const Registration = Type.Object(
  {
    name: name('Ada'),
    email,
    locale: Type.Optional(locale('; `en` unless given')),
    timezone: Type.Optional(timezone('; `Etc/UTC` unless given')),
  },
  { $id: 'Registration', ...strict },
);
const RegistrationAsked = Type.Object({}, { $id: 'RegistrationAsked' });

const ConfirmedRegistration = Type.Object(
  {
    token: linkToken,
    password: Type.Optional(
      Type.String({
        description:
          'A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default. Passed over where the link only lets an account in: that has its own.',
        examples: ['not-a-real-password'],
        format: 'password',
      }),
    ),
    password_allow_reset: Type.Optional(
      flag('Whether the owner may ask for a new password. `true` unless given.', true),
    ),
  },
  { $id: 'ConfirmedRegistration', ...strict },
);
const RegistrationConfirmed = Type.Object({ meta: PasswordMeta }, { $id: 'RegistrationConfirmed' });

const ConfirmedEmail = Type.Object({ token: linkToken }, { $id: 'ConfirmedEmail', ...strict });
const EmailConfirmed = Type.Object({}, { $id: 'EmailConfirmed' });

/** How people come in by themselves: by the links of mails. */
export const registrationRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { users } = deps.useCases;

    app.post(
      '/auth/provider/local/register',
      {
        schema: {
          operationId: 'register',
          tags: ['users'],
          summary: 'Ask for a mail with which somebody registers',
          description:
            'Needs `user_allow_register` of your service. The answer is always this one, after as much work: it tells nothing of the address. Nothing is made before the link in the mail is used. To an address whose owner proved it, the mail says that the link only lets the account in at your service. There is no mail to a user who is disabled or locked. The link of an earlier mail works no longer.',
          security: ['serviceKey'],
          errors: ['registration_closed'],
          // A service that asks for what it does not allow is wrong, and not short of a right.
          statusOf: { registration_closed: 400 },
          body: Registration,
          response: { 200: RegistrationAsked },
        },
      },
      async (request) => {
        await users.register.execute(actorOf(request), request.body);
        return {};
      },
    );

    app.post(
      '/auth/provider/local/register/confirm',
      {
        schema: {
          operationId: 'confirmRegistration',
          tags: ['users'],
          summary: 'Make the account with the token of the mail',
          description:
            'The user has a TOKEN key of your service then, and a proven address. An account of that address whose owner proved it stays as it is, and is let in; any other is made as new, and all passwords, sessions, keys and attributes from before are gone. The owner of a new account gets a mail with a link that locks it. A password that is refused leaves the token good.',
          security: ['serviceKey'],
          errors: ['invalid_one_time_token', 'overloaded', 'unavailable'],
          body: ConfirmedRegistration,
          response: { 200: RegistrationConfirmed },
        },
      },
      async (request) => {
        const { token, password, password_allow_reset } = request.body;
        const { quality } = await users.confirmRegistration.execute(actorOf(request), {
          token,
          password,
          passwordAllowReset: password_allow_reset,
        });
        return { meta: metaOut(quality) };
      },
    );

    app.post(
      '/auth/provider/local/validate-email/confirm',
      {
        schema: {
          operationId: 'validateEmail',
          tags: ['users'],
          summary: 'Prove an e-mail address with the token of the mail',
          description:
            'Works again and again while the link lives and the user has the address: `email_valid` is `true` then.',
          security: ['serviceKey'],
          errors: ['invalid_one_time_token'],
          body: ConfirmedEmail,
          response: { 200: EmailConfirmed },
        },
      },
      async (request) => {
        const { token } = request.body;
        await users.validateEmail.execute(actorOf(request), { token, isProof: true });
        return {};
      },
    );
  };
