import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Passkey } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { deviceToken } from '../server/fields.ts';
import {
  PasskeyQuestion,
  passkeyAnswerIn,
  passkeyAnswerText,
  passkeyName,
  passkeyOrigin,
} from '../server/passkeys.ts';
import { pathId } from '../server/path-id.ts';
import { claimedEmail, FormLogin, factorRequiredOut, formLoggedInOut } from './shared.ts';

const FormNewPasskeyAsked = Type.Object(
  { email: claimedEmail, origin: passkeyOrigin },
  { $id: 'FormNewPasskeyAsked' },
);
const FormNewPasskey = Type.Object(
  {
    email: claimedEmail,
    response: passkeyAnswerText,
    origin: Type.String({
      description: 'The origin of the page, one of `WEBAUTHN_ORIGINS`.',
      examples: ['http://localhost:8042'],
    }),
    deviceName: passkeyName,
  },
  { $id: 'FormNewPasskey' },
);
const anyEmail = Type.Optional({
  ...claimedEmail,
  description:
    'The e-mail address of the account; where it is left out, any passkey of the browser does.',
});
const FormPasskeyAsked = Type.Object(
  { email: anyEmail, origin: passkeyOrigin },
  { $id: 'FormPasskeyAsked' },
);
const FormPasskeyLogin = Type.Object(
  {
    email: anyEmail,
    response: passkeyAnswerText,
    origin: passkeyOrigin,
    device: Type.Optional(deviceToken),
  },
  { $id: 'FormPasskeyLogin' },
);

const FormPasskeyAdded = Type.Object(
  {
    success: Type.Boolean({ description: 'Always true.', examples: [true] }),
    message: Type.String({ examples: ['Passkey added'] }),
  },
  { $id: 'FormPasskeyAdded' },
);

const example = '01900000-0000-7000-8000-000000000006';
const time = { format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] };

const FormPasskey = Type.Object(
  {
    id: Type.String({ format: 'uuid', examples: [example] }),
    deviceName: Type.String({ description: 'As its owner calls it.', examples: ['Phone'] }),
    createdAt: Type.String({ description: 'When it was made.', ...time }),
    lastUsedAt: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'When it logged in last; null for never.',
      ...time,
    }),
    transports: Type.Array(Type.String({ examples: ['internal'] }), {
      description: 'The ways to reach its authenticator, as the browser named them.',
    }),
    backupEligible: Type.Boolean({
      description: 'Whether it can be synced to other devices.',
      examples: [true],
    }),
    backedUp: Type.Boolean({
      description: 'Whether it was synced when it was used last.',
      examples: [true],
    }),
    userVerified: Type.Boolean({
      description:
        'Whether its authenticator verified the person: then a login with it counts as two factors.',
      examples: [true],
    }),
  },
  { $id: 'FormPasskey' },
);
const FormPasskeys = Type.Array(FormPasskey);

const timeOut = (at: number) => new Date(at).toISOString();

const passkeyOut = (passkey: Passkey): Static<typeof FormPasskey> => ({
  id: passkey.id,
  deviceName: passkey.name,
  createdAt: timeOut(passkey.createdAt),
  lastUsedAt: passkey.lastUsedAt === null ? null : timeOut(passkey.lastUsedAt),
  transports: [...passkey.transports],
  backupEligible: passkey.isBackupEligible,
  backedUp: passkey.isBackedUp,
  userVerified: passkey.isUserVerified,
});

/** Passkeys of people, for their own pages. */
export const passkeyRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { factors, sessions, callers } = deps.useCases;
    const cookie = deviceCookie(deps.options);
    const own = { tags: ['forms'], security: ['accessToken'] } as const;
    const open = { tags: ['forms'], security: [] } as const;

    app.post(
      '/webauthn/register/start',
      {
        schema: {
          ...own,
          operationId: 'startOwnPasskey',
          isVerdict: true,
          summary: 'Ask the browser to make a passkey',
          description:
            'For the own account. Give `options` to `navigator.credentials.create`, and what it answers to `…/register/finish` within five minutes.',
          errors: ['forbidden'],
          body: FormNewPasskeyAsked,
          response: { 200: PasskeyQuestion },
        },
      },
      async (request) => {
        const person = await callers.admitPerson.execute(actorOf(request));
        return factors.startPasskey.execute(person, request.body);
      },
    );

    app.post(
      '/webauthn/register/finish',
      {
        schema: {
          ...own,
          operationId: 'addOwnPasskey',
          summary: 'Add the passkey that the browser made',
          description:
            'The owner is mailed of it, with a link that locks the account. An account has 20 passkeys at most.',
          errors: ['forbidden', 'too_many_requests'],
          body: FormNewPasskey,
          response: { 200: FormPasskeyAdded },
        },
      },
      async (request) => {
        const person = await callers.admitPerson.execute(actorOf(request));
        const { email, response, origin, deviceName: name } = request.body;
        const answer = { email, response: passkeyAnswerIn(response), origin, name };
        await factors.addPasskey.execute(person, answer);
        return { success: true, message: 'Passkey added' };
      },
    );

    app.post(
      '/webauthn/authenticate/start',
      {
        schema: {
          ...open,
          operationId: 'askForOwnPasskey',
          isVerdict: true,
          summary: 'Ask the browser for a passkey, to log in with',
          description:
            'Give `options` to `navigator.credentials.get`, and what it answers to `…/authenticate/finish` within five minutes. An account that does not exist, or has no passkey, is answered with passkeys that are made up.',
          errors: [],
          body: FormPasskeyAsked,
          response: { 200: PasskeyQuestion },
        },
      },
      async (request) => factors.askForPasskey.execute(actorOf(request), request.body),
    );

    app.post(
      '/webauthn/authenticate/finish',
      {
        schema: {
          ...open,
          operationId: 'signInWithPasskey',
          summary: 'Log in with a passkey',
          description:
            'A passkey that verified its owner counts as two factors. A passkey that does not log in here is a 401.',
          errors: [
            'invalid_credentials',
            'password_update_required',
            'factor_enrolment_required',
            'too_many_requests',
          ],
          statusOf: { invalid_credentials: 401 },
          body: FormPasskeyLogin,
          response: { 200: FormLogin },
        },
      },
      async (request, reply) => {
        const { response, device: given = cookie.read(request), ...rest } = request.body;
        const input = { ...rest, response: passkeyAnswerIn(response), device: given };
        const login = sessions.logInWithPasskey.execute(actorOf(request), input);
        return login.then(({ user, access, device }) => {
          cookie.keep(device, request, reply);
          return formLoggedInOut(user, access.token, device);
        }, factorRequiredOut);
      },
    );

    app.get(
      '/webauthn/credentials',
      {
        schema: {
          ...own,
          operationId: 'listOwnPasskeys',
          summary: 'List the own passkeys',
          errors: ['forbidden'],
          querystring: Type.Object({}),
          response: { 200: FormPasskeys },
        },
      },
      async (request) => {
        const person = await callers.admitPerson.execute(actorOf(request));
        return (await factors.listPasskeys.execute(person)).map(passkeyOut);
      },
    );

    app.delete(
      '/webauthn/credentials/:id',
      {
        schema: {
          ...own,
          operationId: 'removeOwnPasskey',
          summary: 'Remove one of the own passkeys',
          description: 'The owner is mailed of it, with a link that locks the account.',
          errors: ['forbidden', 'not_found', 'cross_site_request', 'too_many_requests'],
          params: Type.Object({
            id: Type.String({ description: 'The id of the passkey.', examples: [example] }),
          }),
          querystring: Type.Object({}),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const person = await callers.admitPerson.execute(actorOf(request));
        await factors.removePasskey.execute(person, { id: pathId(request) });
        return reply.code(204).send(null);
      },
    );
  };
