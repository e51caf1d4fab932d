import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Passkey as PasskeyEntity } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceToken, email, strict } from '../server/fields.ts';
import { PasskeyQuestion, passkeyAnswer, passkeyName, passkeyOrigin } from '../server/passkeys.ts';
import { pathId } from '../server/path-id.ts';
import { LoggedIn, tokenOut } from './sessions.ts';
import { flag, idOf, instant, instantOut, nullable, pathOf } from './shared.ts';
import { userOut } from './users.ts';

const enrolment = Type.Optional(
  Type.String({
    description:
      'Of a login that was answered `factor_enrolment_required`, instead of `User-Authorization`.',
    examples: ['example-challenge'],
    minLength: 1,
  }),
);

const provenEmail = Type.Optional({
  ...email,
  description: 'Has to be that of the user whom `User-Authorization` or the challenge proves.',
});

const NewPasskeyAsked = Type.Object(
  { email: provenEmail, origin: passkeyOrigin, challenge: enrolment },
  { $id: 'NewPasskeyAsked', ...strict },
);
const NewPasskey = Type.Object(
  {
    email: provenEmail,
    response: passkeyAnswer,
    origin: passkeyOrigin,
    device_name: passkeyName,
    challenge: enrolment,
  },
  { $id: 'NewPasskey', ...strict },
);
const PasskeyAsked = Type.Object(
  {
    email: Type.Optional({
      ...email,
      description: 'The account; any that a passkey of the browser is of where it is left out.',
    }),
    origin: passkeyOrigin,
  },
  { $id: 'PasskeyAsked', ...strict },
);
const PasskeyLogin = Type.Object(
  {
    email: Type.Optional({ ...email, description: 'As at the start.' }),
    response: passkeyAnswer,
    origin: passkeyOrigin,
    device: Type.Optional(deviceToken),
  },
  { $id: 'PasskeyLogin', ...strict },
);

export const Passkey = Type.Object(
  {
    id: idOf('passkey', 'The id of the passkey.'),
    name: Type.String({ description: 'As its owner calls it.', examples: ['Phone'] }),
    created_at: instant('When it was made.'),
    last_used_at: nullable<string>('string', 'When it logged in last; null for never.', {
      format: 'date-time',
      examples: ['2026-01-31T09:30:00.000Z'],
    }),
    transports: Type.Array(Type.String({ examples: ['internal'] }), {
      description: 'The ways to reach its authenticator, as the browser named them.',
    }),
    is_backup_eligible: flag('Whether it can be synced to other devices.', true),
    is_backed_up: flag('Whether it was synced when it was used last.', true),
    is_user_verified: flag(
      'Whether its authenticator verified the person: then a login with it counts as two factors.',
      true,
    ),
  },
  { $id: 'Passkey' },
);

export const passkeyOut = (passkey: PasskeyEntity): Static<typeof Passkey> => ({
  id: passkey.id,
  name: passkey.name,
  created_at: instantOut(passkey.createdAt),
  last_used_at: passkey.lastUsedAt === null ? null : instantOut(passkey.lastUsedAt),
  transports: [...passkey.transports],
  is_backup_eligible: passkey.isBackupEligible,
  is_backed_up: passkey.isBackedUp,
  is_user_verified: passkey.isUserVerified,
});

const PasskeyAdded = Type.Object({ data: Passkey }, { $id: 'PasskeyAdded' });
const PasskeysListed = Type.Object({ data: Type.Array(Passkey) }, { $id: 'PasskeysListed' });
const PasskeyRemoved = Type.Object({}, { $id: 'PasskeyRemoved' });

/** Passkeys, for backends that relay between browsers and Rekey. */
export const passkeyRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { factors, sessions } = deps.useCases;
    const of = { tags: ['factors'], security: ['serviceKey'] } as const;

    app.post(
      '/auth/webauthn/register/start',
      {
        schema: {
          ...of,
          operationId: 'startPasskey',
          isVerdict: true,
          summary: 'Ask a browser to make a passkey',
          description:
            'For the user whose access token is in `User-Authorization`. Give `options` to `navigator.credentials.create`, and what it answers to `…/register/finish` within five minutes.',
          errors: ['forbidden', 'invalid_token'],
          body: NewPasskeyAsked,
          response: { 200: PasskeyQuestion },
        },
      },
      async (request) => factors.startPasskey.execute(actorOf(request), request.body),
    );

    app.post(
      '/auth/webauthn/register/finish',
      {
        schema: {
          ...of,
          operationId: 'addPasskey',
          summary: 'Add the passkey that a browser made',
          description:
            'For the user whose access token is in `User-Authorization`. The owner is mailed of it, with a link that locks the account. A user has 20 passkeys at most.',
          errors: ['forbidden', 'invalid_token', 'too_many_requests'],
          body: NewPasskey,
          response: { 200: PasskeyAdded },
        },
      },
      async (request) => {
        const { device_name: name, ...input } = request.body;
        const passkey = await factors.addPasskey.execute(actorOf(request), { ...input, name });
        return { data: passkeyOut(passkey) };
      },
    );

    app.post(
      '/auth/webauthn/authenticate/start',
      {
        schema: {
          ...of,
          operationId: 'askForPasskey',
          isVerdict: true,
          summary: 'Ask a browser for a passkey, to log in with',
          description:
            'Give `options` to `navigator.credentials.get`, and what it answers to `…/authenticate/finish` within five minutes. An account that does not exist, or has no passkey, is answered with passkeys that are made up.',
          errors: [],
          body: PasskeyAsked,
          response: { 200: PasskeyQuestion },
        },
      },
      async (request) => factors.askForPasskey.execute(actorOf(request), request.body),
    );

    app.post(
      '/auth/webauthn/authenticate/finish',
      {
        schema: {
          ...of,
          operationId: 'logInWithPasskey',
          summary: 'Log a user in with a passkey',
          description:
            'A passkey that verified its owner counts as two factors (`amr`: `passkey`); any other one is one factor (`security_key`). `meta` is empty: there is no password.',
          errors: [
            'invalid_credentials',
            'password_update_required',
            'second_factor_required',
            'factor_enrolment_required',
            'too_many_requests',
          ],
          body: PasskeyLogin,
          response: { 200: LoggedIn },
        },
      },
      async (request) => {
        const { logInWithPasskey } = sessions;
        const login = await logInWithPasskey.execute(actorOf(request), request.body);
        const { user, access, refresh, device } = login;
        if (refresh === null) throw new Error('a login with a signed token has a refresh token');
        return {
          meta: { password_strength: null, password_pwned: null },
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
          device,
        };
      },
    );

    app.get(
      '/auth/webauthn/credential',
      {
        schema: {
          ...of,
          operationId: 'listPasskeys',
          summary: 'List the passkeys of a user',
          description:
            'Of the user whose access token is in `User-Authorization`, the oldest first.',
          errors: ['forbidden'],
          response: { 200: PasskeysListed },
        },
      },
      async (request) => {
        const passkeys = await factors.listPasskeys.execute(actorOf(request));
        return { data: passkeys.map(passkeyOut) };
      },
    );

    app.delete(
      '/auth/webauthn/credential/:id',
      {
        schema: {
          ...of,
          operationId: 'removePasskey',
          summary: 'Remove a passkey of a user',
          description:
            'Of the user whose access token is in `User-Authorization`. The owner is mailed of it, with a link that locks the account.',
          errors: ['forbidden', 'not_found', 'too_many_requests'],
          params: pathOf('passkey'),
          response: { 200: PasskeyRemoved },
        },
      },
      async (request) => {
        await factors.removePasskey.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
