import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Instant, proofMethods, type Session as SessionEntity } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, deviceToken, email, strict } from '../server/fields.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import {
  AuditAsked,
  Audited,
  asked,
  idIn,
  idOf,
  idPage,
  idPageMeta,
  idPageMetaOf,
  idPageOf,
  instant,
  instantOut,
  listedIds,
  nullable,
  pathId,
  pathOf,
} from './shared.ts';
import { User, userOut } from './users.ts';

const Credentials = Type.Object(
  {
    email,
    password: { ...currentPassword, minLength: 1 },
    device: Type.Optional(deviceToken),
  },
  { $id: 'Credentials', ...strict },
);

const GivenToken = Type.Object(
  { token: Type.String({ examples: ['example.access.token'] }), audit: AuditAsked },
  { $id: 'GivenToken', ...strict },
);
const GivenRefreshToken = Type.Object(
  { token: Type.String({ examples: ['example-refresh-token'] }), audit: AuditAsked },
  { $id: 'GivenRefreshToken', ...strict },
);

const Token = Type.Object(
  {
    token: Type.String({ examples: ['example.token'] }),
    token_expires: Type.Integer({ description: 'Seconds since 1970.', examples: [1769855400] }),
  },
  { $id: 'Token' },
);

export const tokenOut = (token: string, expiresAt: Instant): Static<typeof Token> => ({
  token,
  token_expires: Math.floor(expiresAt / 1000),
});

export const LoggedIn = Type.Object(
  { meta: PasswordMeta, user: User, access: Token, refresh: Token, device: deviceToken },
  { $id: 'LoggedIn' },
);
const TokenVerified = Type.Object(
  { user: User, access: Token, audit: asked },
  { $id: 'TokenVerified' },
);
const TokenRefreshed = Type.Object(
  { user: User, access: Token, refresh: Token, audit: asked },
  { $id: 'TokenRefreshed' },
);

export const Session = Type.Object(
  {
    id: idOf('session', 'The id of the session.'),
    created_at: instant('When the user logged in.'),
    last_used_at: instant(
      'When a token of it was refreshed or verified last: within a minute of that.',
    ),
    expires_at: instant('When it ends by itself. A refresh puts the end off.'),
    user_id: idOf('user', 'The user who logged in.'),
    service_id: idOf('service', 'The service that the user logged in to.'),
    key_id: idOf('key', 'The TOKEN key that it rests on.'),
    remote: Type.String({
      description: 'The IP address that the login came from.',
      examples: ['192.0.2.1'],
    }),
    user_agent: nullable<string>(
      'string',
      'The User-Agent of the login exactly as it was sent: escape it before you show it.',
      { examples: ['Example/1.0'] },
    ),
    amr: Type.Array(Type.Enum(proofMethods, { examples: ['pwd'] }), {
      description: 'How the user proved who it is; `pwd`: by a password.',
    }),
  },
  { $id: 'Session' },
);

export const sessionOut = (session: SessionEntity): Static<typeof Session> => ({
  id: session.id,
  created_at: instantOut(session.createdAt),
  last_used_at: instantOut(session.lastUsedAt),
  expires_at: instantOut(session.expiresAt),
  user_id: session.userId,
  service_id: session.serviceId,
  key_id: session.keyId,
  remote: session.origin.address,
  user_agent: session.origin.client,
  amr: [...session.amr],
});

const SessionQuery = Type.Object(
  {
    user_id: listedIds(
      'user',
      'Only sessions of that user; of any of them, where several are given.',
    ),
    ...idPage('session'),
  },
  strict,
);

const SessionsListed = Type.Object(
  {
    meta: Type.Object(
      {
        user_id: Type.Array(idOf('user', 'A user whose sessions are listed.'), {
          description: 'Empty for all.',
        }),
        ...idPageMeta('session'),
      },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(Session),
  },
  { $id: 'SessionsListed' },
);

const SessionEnded = Type.Object({}, { $id: 'SessionEnded' });

const EndQuery = Type.Object(
  {
    user_id: idIn('user', 'The user who is logged out.'),
    service_id: Type.Optional(
      idIn('service', 'Only of that service. With a root key: a service logs out of itself alone.'),
    ),
  },
  strict,
);

const SessionsEnded = Type.Object(
  {
    ended: Type.Integer({
      description: 'How many sessions were open.',
      minimum: 0,
      examples: [1],
    }),
  },
  { $id: 'SessionsEnded' },
);

const LogOut = Type.Object(
  {
    token: Type.String({
      description: 'An access or refresh token of the session.',
      examples: ['example.access.token'],
    }),
    all: Type.Optional(
      Type.Boolean({
        description:
          'Whether all sessions of the user at this service end, and its devices become unknown.',
        examples: [false],
      }),
    ),
  },
  { $id: 'LogOut', ...strict },
);

export const sessionRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/provider/local/login',
      {
        schema: {
          operationId: 'login',
          tags: ['sessions'],
          summary: 'Log a user in',
          security: ['serviceKey'],
          errors: [
            'invalid_credentials',
            'password_update_required',
            'too_many_requests',
            'overloaded',
          ],
          body: Credentials,
          response: { 200: LoggedIn },
        },
      },
      async (request) => {
        const { login } = deps.useCases.sessions;
        const { user, quality, access, refresh, device } = await login.execute(actorOf(request), {
          ...request.body,
        });
        if (refresh === null) throw new Error('a login with a signed token has a refresh token');
        return {
          meta: metaOut(quality),
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
          device,
        };
      },
    );

    app.post(
      '/auth/token/verify',
      {
        schema: {
          operationId: 'verifyToken',
          isVerdict: true,
          tags: ['sessions'],
          summary: 'Find out which user an access token stands for',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenToken,
          response: { 200: TokenVerified },
        },
      },
      async (request) => {
        const { verifyToken } = deps.useCases.sessions;
        const { token } = request.body;
        const { user, expiresAt, audit } = await verifyToken.execute(
          actorOf(request),
          request.body,
        );
        return { user: userOut(user), access: tokenOut(token, expiresAt), audit };
      },
    );

    app.post(
      '/auth/token/refresh',
      {
        schema: {
          operationId: 'refreshToken',
          tags: ['sessions'],
          summary: 'Trade a refresh token for new tokens',
          description: 'A refresh token works once. One that comes back ends the session.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenRefreshToken,
          response: { 200: TokenRefreshed },
        },
      },
      async (request) => {
        const { refreshToken } = deps.useCases.sessions;
        const { user, access, refresh, audit } = await refreshToken.execute(
          actorOf(request),
          request.body,
        );
        return {
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
          audit,
        };
      },
    );

    app.post(
      '/auth/token/revoke',
      {
        schema: {
          operationId: 'revokeToken',
          tags: ['sessions'],
          summary: 'Take a token back, with the TOKEN key that it was issued under',
          description:
            'Takes a refresh token too. Sessions on other devices end as well. The user logs in to this service again once it has made a new TOKEN key.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenToken,
          response: { 200: Audited },
        },
      },
      async (request) => {
        const { revokeToken } = deps.useCases.sessions;
        return { audit: await revokeToken.execute(actorOf(request), request.body) };
      },
    );

    app.post(
      '/auth/logout',
      {
        schema: {
          operationId: 'logOut',
          tags: ['sessions'],
          summary: 'Log a user out',
          description:
            'Ends the session of the token. The TOKEN key lives on: the user may log in again. A client that is told that its token is not good is logged out as well.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: LogOut,
          response: { 200: SessionEnded },
        },
      },
      async (request) => {
        await deps.useCases.sessions.logOut.execute(actorOf(request), request.body);
        return {};
      },
    );

    app.get(
      '/session',
      {
        schema: {
          operationId: 'listSessions',
          tags: ['sessions'],
          summary: 'List the sessions that are open',
          description: 'A service sees its own; a root key sees all.',
          security: ['serviceKey', 'rootKey'],
          querystring: SessionQuery,
          response: { 200: SessionsListed },
        },
      },
      async (request) => {
        const { query } = request;
        const page = idPageOf(query);
        const { user_id: userIds } = query;
        const { listSessions } = deps.useCases.sessions;
        const sessions = await listSessions.execute(actorOf(request), { userIds, page });
        return {
          meta: { user_id: userIds ?? [], ...idPageMetaOf(page) },
          data: sessions.map(sessionOut),
        };
      },
    );

    app.delete(
      '/session',
      {
        schema: {
          operationId: 'endSessions',
          tags: ['sessions'],
          summary: 'Log a user out everywhere',
          description:
            'Ends all sessions of a user: with a service key those at the service, with a root key those at all of them. The devices of the user become unknown; keys live on.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'root_key_required'],
          querystring: EndQuery,
          response: { 200: SessionsEnded },
        },
      },
      async (request) => {
        const { user_id: userId, service_id: serviceId } = request.query;
        const { endAllSessions } = deps.useCases.sessions;
        return { ended: await endAllSessions.execute(actorOf(request), { userId, serviceId }) };
      },
    );

    app.delete(
      '/session/:id',
      {
        schema: {
          operationId: 'endSession',
          tags: ['sessions'],
          summary: 'End a session',
          description: 'Its tokens are refused from then on.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('session'),
          response: { 200: SessionEnded },
        },
      },
      async (request) => {
        const { endSession } = deps.useCases.sessions;
        await endSession.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
