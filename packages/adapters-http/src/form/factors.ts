import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Forbidden } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf, authenticate } from '../server/actor.ts';
import { bearerIn } from '../server/credentials.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { challenge, currentPassword, deviceToken } from '../server/fields.ts';
import { qrCode } from '../server/qr-code.ts';
import {
  claimedEmail,
  FormLoggedIn,
  FormUser,
  formFlag,
  formLoggedInOut,
  formUserOut,
} from './shared.ts';

const code = Type.String({
  description: 'Six digits of the app, or a recovery code.',
  minLength: 1,
  examples: ['000000'],
});

const FormFactorCode = Type.Object(
  {
    email: claimedEmail,
    code,
    challenge: Type.Optional({
      ...challenge,
      description:
        'As the login handed it out; where it is left out, the latest of the account from the IP address of the caller counts.',
    }),
    device: Type.Optional(deviceToken),
  },
  { $id: 'FormFactorCode' },
);

const FormSeedConfirmation = Type.Object(
  {
    ...FormFactorCode.properties,
    password: Type.Optional({ ...currentPassword, minLength: 1 }),
  },
  { $id: 'FormSeedConfirmation' },
);

const FormNewSeed = Type.Object(
  {
    email: claimedEmail,
    password: { ...currentPassword, minLength: 1 },
    code: Type.Optional({
      ...code,
      description:
        'Of the factor that is to be replaced; a session that was opened with one needs none.',
    }),
    device: Type.Optional(deviceToken),
  },
  { $id: 'FormNewSeed' },
);

const FormDemands = Type.Object(
  {
    email: claimedEmail,
    require2FAForBasicLogin: formFlag('Whether a login with the password takes the factor.'),
    require2FAForSocialLogin: formFlag('Whether a login with a provider takes the factor.'),
    code: Type.Optional({ ...code, description: 'To demand less than before.' }),
  },
  { $id: 'FormDemands' },
);

const FormCode = Type.Object({ code }, { $id: 'FormCode' });

const FormShownSeed = Type.Object(
  {
    uri: Type.String({ examples: ['otpauth://totp/Rekey:ada%40example.com?secret=AAAAAAAA'] }),
    secret: Type.String({ examples: ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] }),
    challenge: Type.String({ examples: ['example-challenge'] }),
  },
  { $id: 'FormShownSeed' },
);
const FormRecoveryCodes = Type.Object(
  {
    codes: Type.Array(Type.String({ examples: ['abcd-efgh-ijkl-mnop'] }), {
      description: 'Ten, each of which works once. They are shown once.',
    }),
  },
  { $id: 'FormRecoveryCodes' },
);

/** The second factor of people, at the paths that orion users has for it. */
export const factorRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { factors, sessions, callers } = deps.useCases;
    const cookie = deviceCookie(deps.options);
    const errors = [
      'invalid_credentials',
      'too_many_requests',
      'overloaded',
      'unavailable',
    ] as const;
    const open = {
      tags: ['forms'],
      security: [],
      errors,
      statusOf: { invalid_credentials: 401 },
    } as const;

    type Confirmation = { Body: Static<typeof FormSeedConfirmation> };
    const goOn =
      (...kinds: ('enrolment' | 'login')[]) =>
      async (request: FastifyRequest<Confirmation>, reply: FastifyReply) => {
        const { device: given = cookie.read(request), ...body } = request.body;
        const input = { ...body, device: given, kinds };
        const login = await sessions.logInWithFactor.execute(actorOf(request), input);
        const { user, access, device } = login;
        cookie.keep(device, request, reply);
        return formLoggedInOut(user, access.token, device);
      };

    app.post<Confirmation>(
      '/login/2fa',
      {
        schema: {
          ...open,
          operationId: 'signInWithFactor',
          summary: 'Go on with a login that asked for a code',
          description:
            'Whatever is wrong is one 401, and a refused try spends neither the code nor the login that waits.',
          body: FormFactorCode,
          response: { 200: FormLoggedIn },
        },
      },
      goOn('login'),
    );

    app.post<Confirmation>(
      '/login/google/2fa',
      {
        schema: {
          ...open,
          operationId: 'signInWithGoogleAndFactor',
          summary: 'Go on with a login with Google that asked for a code',
          description: 'As at `/users/login/2fa`.',
          body: FormFactorCode,
          response: { 200: FormLoggedIn },
        },
      },
      goOn('login'),
    );

    app.post<Confirmation>(
      '/google/2FAuth/validate',
      {
        schema: {
          ...open,
          operationId: 'validateFactor',
          summary: 'Confirm a seed with a code of it, and log in; or go on with a login',
          description:
            'A seed becomes the second factor: every login takes it, other sessions end, and the owner is mailed. A `password` that is sent must be right as well.',
          body: FormSeedConfirmation,
          response: { 200: FormLoggedIn },
        },
      },
      goOn('enrolment', 'login'),
    );

    const bearer = authenticate(deps, ['accessToken']);

    app.post(
      '/google/2FAuth/qrCode',
      {
        // People enrol before they log in as well; a token that is sent has to be good.
        onRequest: async (request) => {
          if (bearerIn(request.headers.authorization) !== null) await bearer(request);
        },
        schema: {
          ...open,
          errors: [...errors, 'unauthorized', 'forbidden'],
          operationId: 'showSeed',
          summary: 'Show a new seed of one-time codes',
          description:
            'As a QR code, or as JSON where `Accept` names `application/json`. The seed waits ten minutes for its confirmation. A user who has a factor shows a `code` of it, or sends the token of a session that was opened with one (`Authorization: Bearer …`).',
          body: FormNewSeed,
          response: {
            200: {
              description: 'The seed.',
              content: {
                'image/png': {
                  schema: Type.Unsafe<Buffer>({
                    type: 'string',
                    format: 'binary',
                    examples: ['PNG'],
                  }),
                },
                'application/json': { schema: FormShownSeed },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { device = cookie.read(request), ...body } = request.body;
        const input = { ...body, device };
        const actor = actorOf(request);
        const asker = actor.kind === 'user' ? await callers.admitPerson.execute(actor) : actor;
        const shown = await factors.enrolTotpByPassword.execute(asker, input);
        const { accept = '' } = request.headers;
        if (/\bapplication\/json\b/i.test(accept))
          return reply.type('application/json').send(shown);
        return reply.type('image/png').send(qrCode(shown.uri));
      },
    );

    const own = {
      tags: ['forms'],
      security: ['accessToken'],
      errors: ['invalid_credentials', 'too_many_requests', 'forbidden'],
    } as const;

    app.post(
      '/2fa/settings',
      {
        schema: {
          ...own,
          operationId: 'changeFactorDemands',
          summary: 'Choose which logins take the second factor',
          description: 'A flag that is left out is false. To demand less than before takes a code.',
          body: FormDemands,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const { email, code, require2FAForBasicLogin, require2FAForSocialLogin } = request.body;
        const actor = await callers.admitPerson.execute(actorOf(request));
        const { id: userId, email: own } = await deps.useCases.users.readOwnAccount.execute(actor);
        if (own !== email) throw new Forbidden('forbidden');
        const user = await factors.changeDemands.execute(actor, {
          userId,
          atPassword: require2FAForBasicLogin === 'true',
          atProvider: require2FAForSocialLogin === 'true',
          code,
        });
        return formUserOut(user);
      },
    );

    app.post(
      '/2fa/disable',
      {
        schema: {
          ...own,
          operationId: 'disableFactor',
          summary: 'Remove the one-time codes, and the recovery codes',
          body: FormCode,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        const { code } = request.body;
        const { userId } = actor.session;
        return formUserOut(await factors.removeTotp.execute(actor, { userId, code }));
      },
    );

    app.post(
      '/2fa/recoveryCodes',
      {
        schema: {
          ...own,
          operationId: 'renewOwnRecoveryCodes',
          summary: 'Get new recovery codes',
          description: 'Those from before are worth nothing.',
          body: FormCode,
          response: { 200: FormRecoveryCodes },
        },
      },
      async (request) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        const { code } = request.body;
        const { userId } = actor.session;
        const codes = await factors.renewRecoveryCodes.execute(actor, { userId, code });
        return { codes: [...codes] };
      },
    );
  };
