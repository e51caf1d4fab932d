import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { challenge, codeFields, oneCode, strict } from '../server/fields.ts';
import { qrCode } from '../server/qr-code.ts';
import { codeIn, codeOf, LoggedIn, loggedInOut } from './sessions.ts';
import { Audited, idOf } from './shared.ts';

const GivenCode = Type.Object(
  {
    user_id: idOf('user', 'The user that the key is of.'),
    totp: Type.String({ description: 'Six digits.', minLength: 1, examples: ['000000'] }),
  },
  { $id: 'GivenCode', ...strict },
);

const userId = idOf('user', 'The user whom `User-Authorization` proves.');
const provenUser = Type.Optional(
  idOf('user', 'Has to be the user whom `User-Authorization` or the challenge proves.'),
);
const waiting = Type.Optional({
  ...challenge,
  description:
    'The `challenge` of a `factor_enrolment_required`, in the place of `User-Authorization`.',
});

const NewSeed = Type.Object(
  { user_id: provenUser, challenge: waiting, ...codeFields },
  { $id: 'NewSeed', ...strict, ...oneCode },
);
const ShownSeed = Type.Object(
  {
    uri: Type.String({
      description: 'What an app reads from the QR code.',
      examples: ['otpauth://totp/Shop:ada%40example.com?secret=AAAAAAAA&issuer=Shop'],
    }),
    secret: Type.String({
      description: 'The seed in base32, to be typed.',
      examples: ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    }),
    png: Type.String({
      description: 'The QR code: a PNG in base64.',
      examples: ['iVBORw0KGgo='],
    }),
  },
  { $id: 'ShownSeed' },
);

const SeedConfirmation = Type.Object(
  {
    user_id: provenUser,
    challenge: waiting,
    totp: Type.String({ description: 'Six digits.', minLength: 1, examples: ['000000'] }),
  },
  { $id: 'SeedConfirmation', ...strict },
);
const recoveryCodes = Type.Array(Type.String({ examples: ['abcd-efgh-ijkl-mnop'] }), {
  description: 'Ten, each of which works once in the place of `totp`. They are shown once.',
});
const SeedConfirmed = Type.Object(
  {
    recovery_codes: recoveryCodes,
    // As an alternative to null it could not be serialized: it holds schemas twice.
    login: Type.Optional(LoggedIn),
  },
  { $id: 'SeedConfirmed' },
);

const ProvenChange = Type.Object(
  { user_id: userId, ...codeFields },
  { $id: 'ProvenChange', ...strict, ...oneCode },
);
const SeedRemoved = Type.Object({}, { $id: 'SeedRemoved' });
const CodesRenewed = Type.Object({ recovery_codes: recoveryCodes }, { $id: 'CodesRenewed' });

export const factorRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/totp',
      {
        schema: {
          operationId: 'verifyTotp',
          tags: ['factors'],
          summary: 'Verify a one-time code',
          description:
            'RFC 6238, with the key of the type TOTP that this service made for the user.',
          security: ['serviceKey'],
          errors: ['invalid_credentials', 'too_many_requests'],
          body: GivenCode,
          response: { 200: Audited },
        },
      },
      async (request) => {
        const { user_id, totp } = request.body;
        const audit = await deps.useCases.factors.verifyTotp.execute(actorOf(request), {
          userId: user_id.toLowerCase(),
          code: totp,
        });
        return { audit };
      },
    );

    const { factors, sessions } = deps.useCases;
    const personal = {
      tags: ['factors'],
      security: ['serviceKey'],
      errors: ['invalid_credentials', 'forbidden', 'too_many_requests'],
    } as const;

    app.post(
      '/auth/factor/totp',
      {
        schema: {
          ...personal,
          operationId: 'enrolTotp',
          summary: 'Show a user a new seed of one-time codes',
          description:
            'For the user whom `User-Authorization: token T` proves. The seed is a second factor once a code of it confirms it, within ten minutes; one that is there stays until then, and to replace it takes a code of it.',
          errors: [...personal.errors, 'invalid_token'],
          body: NewSeed,
          response: { 200: ShownSeed },
        },
      },
      async (request) => {
        const { user_id, challenge } = request.body;
        const input = { userId: user_id?.toLowerCase(), challenge, code: codeOf(request.body) };
        const { uri, secret } = await factors.enrolTotp.execute(actorOf(request), input);
        return { uri, secret, png: qrCode(uri).toString('base64') };
      },
    );

    app.post(
      '/auth/factor/totp/confirm',
      {
        schema: {
          ...personal,
          operationId: 'confirmTotp',
          summary: 'Make the seed a second factor',
          description:
            'With a code of it. Every other session of the user ends, and the owner is mailed. With a `challenge` the login that asked for the factor is whole, and `login` is its answer.',
          errors: [...personal.errors, 'overloaded'],
          body: SeedConfirmation,
          response: { 200: SeedConfirmed },
        },
      },
      async (request) => {
        const { user_id, challenge, totp: code } = request.body;
        const userId = user_id?.toLowerCase();
        const actor = actorOf(request);
        if (challenge === undefined) {
          const codes = await factors.confirmTotp.execute(actor, { userId, code });
          return { recovery_codes: [...codes] };
        }
        const kinds = ['enrolment'] as const;
        const input = { challenge, userId, code, kinds };
        const login = await sessions.logInWithFactor.execute(actor, input);
        return { recovery_codes: [...(login.recoveryCodes ?? [])], login: loggedInOut(login) };
      },
    );

    app.post(
      '/auth/factor/totp/remove',
      {
        schema: {
          ...personal,
          operationId: 'removeTotp',
          summary: 'Remove the one-time codes of a user, and the recovery codes',
          description: 'With a code of either. The owner is mailed.',
          body: ProvenChange,
          response: { 200: SeedRemoved },
        },
      },
      async (request) => {
        const input = { userId: request.body.user_id.toLowerCase(), code: codeIn(request.body) };
        await factors.removeTotp.execute(actorOf(request), input);
        return {};
      },
    );

    app.post(
      '/auth/factor/totp/recovery-codes',
      {
        schema: {
          ...personal,
          operationId: 'renewRecoveryCodes',
          summary: 'Give a user new recovery codes',
          description: 'With a code. Those from before are worth nothing. The owner is mailed.',
          body: ProvenChange,
          response: { 200: CodesRenewed },
        },
      },
      async (request) => {
        const input = { userId: request.body.user_id.toLowerCase(), code: codeIn(request.body) };
        const codes = await factors.renewRecoveryCodes.execute(actorOf(request), input);
        return { recovery_codes: [...codes] };
      },
    );
  };
