import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  FactorDemanded,
  type Id,
  InvalidCredentials,
  MAX_PAGE_SIZE,
  proofMethods,
  type Session as SessionEntity,
} from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { currentPassword, deviceToken } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { claimedEmail, FormLogin, factorRequiredOut, formFlag, formLoggedInOut } from './shared.ts';

const FormCredentials = Type.Object(
  { email: claimedEmail, password: currentPassword, device: Type.Optional(deviceToken) },
  { $id: 'FormCredentials' },
);

const FormLogout = Type.Object(
  { all: formFlag('Whether all sessions of the account end, on every device.') },
  { $id: 'FormLogout' },
);

const example = '01900000-0000-7000-8000-000000000005';
const instant = (description: string) =>
  Type.String({ description, format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] });

const FormSession = Type.Object(
  {
    id: Type.String({ format: 'uuid', examples: [example] }),
    createdAt: instant('When the login was.'),
    lastUsedAt: instant('When it was used last, to within a minute.'),
    expiresAt: instant('When it ends by itself.'),
    remote: Type.String({
      description: 'The IP address that the login came from.',
      examples: ['192.0.2.1'],
    }),
    userAgent: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description:
        'The User-Agent of the login exactly as it was sent: escape it before you show it.',
      examples: ['Example/1.0'],
    }),
    amr: Type.Array(Type.Enum(proofMethods, { examples: ['pwd'] }), {
      description: 'How the login was proven; `pwd`: by a password.',
    }),
    current: Type.Boolean({ description: 'Whether it is the one that asks.', examples: [true] }),
  },
  { $id: 'FormSession' },
);
const FormSessions = Type.Array(FormSession);

const timeOut = (at: number) => new Date(at).toISOString();

const sessionOut = (session: SessionEntity, current: Id | null): Static<typeof FormSession> => ({
  id: session.id,
  createdAt: timeOut(session.createdAt),
  lastUsedAt: timeOut(session.lastUsedAt),
  expiresAt: timeOut(session.expiresAt),
  remote: session.origin.address,
  userAgent: session.origin.client,
  amr: [...session.amr],
  current: session.id === current,
});

export const sessionRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { sessions, callers } = deps.useCases;
    const cookie = deviceCookie(deps.options);
    const errors = [
      'invalid_credentials',
      'password_update_required',
      'too_many_requests',
      'overloaded',
      'unavailable',
    ] as const;
    const statusOf = { invalid_credentials: 401 };

    type Credentials = { Body: Static<typeof FormCredentials> };
    async function logIn(request: FastifyRequest<Credentials>, reply: FastifyReply) {
      const { email, password, device: given = cookie.read(request) } = request.body;
      const input = { email, password, device: given };
      const { user, access, device } = await sessions.login.execute(actorOf(request), input);
      cookie.keep(device, request, reply);
      return formLoggedInOut(user, access.token, device);
    }

    app.post<Credentials>(
      '/login',
      {
        schema: {
          operationId: 'signIn',
          tags: ['forms'],
          summary: 'Log in',
          description:
            'Wrong credentials are a 401 here. A user with a second factor is asked for it: `requires2FA` is true, and the `challenge` goes on at `/users/login/2fa`.',
          security: [],
          errors: [...errors, 'factor_enrolment_required'],
          statusOf,
          body: FormCredentials,
          response: { 200: FormLogin },
        },
      },
      (request, reply) => logIn(request, reply).catch(factorRequiredOut),
    );

    app.post<Credentials>(
      '/authenticate',
      {
        schema: {
          operationId: 'authenticate',
          tags: ['forms'],
          summary: 'Log in, for the token alone',
          description:
            'As clients of earlier versions of orion users do; `POST /users/login` is better. Wrong credentials are a 401 here, and so is an account whose login takes a second factor.',
          security: [],
          errors,
          statusOf,
          body: FormCredentials,
          response: {
            200: {
              content: {
                'text/plain': { schema: Type.String({ examples: ['example.token.of.a-login'] }) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const login = logIn(request, reply).catch((error: unknown) => {
          // A bare token has no room for the question.
          throw error instanceof FactorDemanded ? new InvalidCredentials(error.message) : error;
        });
        return (await login).token;
      },
    );

    app.post(
      '/logout',
      {
        schema: {
          operationId: 'signOut',
          tags: ['forms'],
          summary: 'Log out',
          description:
            'Ends the session, and no program trusts its token any more that asks Rekey.',
          security: ['accessToken'],
          errors: ['forbidden'],
          body: FormLogout,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        await sessions.logOut.execute(actor, { all: request.body.all === 'true' });
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/sessions',
      {
        schema: {
          operationId: 'listOwnSessions',
          tags: ['forms'],
          summary: 'List the own sessions',
          security: ['accessToken'],
          errors: ['forbidden'],
          querystring: Type.Object({}),
          response: { 200: FormSessions },
        },
      },
      async (request) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        const found = await sessions.listSessions.execute(actor, {
          page: { limit: MAX_PAGE_SIZE },
        });
        return found.map((session) => sessionOut(session, actor.session.sessionId));
      },
    );

    app.delete(
      '/sessions/:id',
      {
        schema: {
          operationId: 'endOwnSession',
          tags: ['forms'],
          summary: 'End one of the own sessions',
          security: ['accessToken'],
          errors: ['forbidden', 'not_found', 'cross_site_request'],
          params: Type.Object({
            id: Type.String({ description: 'The id of the session.', examples: [example] }),
          }),
          querystring: Type.Object({}),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        await sessions.endSession.execute(actor, { id: pathId(request) });
        return reply.code(204).send(null);
      },
    );
  };
