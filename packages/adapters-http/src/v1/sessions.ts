import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type Authentication,
  assuranceLevels,
  assuranceOf,
  type Instant,
  type PasswordQuality,
  proofMethods,
  type SeenUser,
  type Session as SessionEntity,
} from '@rekey/domain';
import type { SessionTokens } from '@rekey/usecases';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import {
  challenge,
  codeFields,
  currentPassword,
  deviceToken,
  email,
  oneCode,
  strict,
} from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { refusedFields } from '../server/problem.ts';
import { violation } from '../server/validation.ts';
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
  pathOf,
} from './shared.ts';
import { User, userOut } from './users.ts';

const Credentials = Type.Object(
  {
    email,
    password: { ...currentPassword, minLength: 1 },
    ...codeFields,
    device: Type.Optional(deviceToken),
  },
  { $id: 'Credentials', ...strict, ...oneCode },
);

const GivenFactor = Type.Object(
  { challenge, ...codeFields, device: Type.Optional(deviceToken) },
  { $id: 'GivenFactor', ...strict, ...oneCode },
);

const GivenToken = Type.Object(
  { token: Type.String({ examples: ['example.access.token'] }), audit: AuditAsked },
  { $id: 'GivenToken', ...strict },
);
const GivenRefreshToken = Type.Object(
  { token: Type.String({ examples: ['example-refresh-token'] }), audit: AuditAsked },
  { $id: 'GivenRefreshToken', ...strict },
);

export const Token = Type.Object(
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
/** The code of a request, whichever of the two fields it is in. */
export const codeOf = (body: {
  readonly totp?: string;
  readonly recovery_code?: string;
}): string | undefined => body.totp ?? body.recovery_code;

/** The same, of a request that needs one. */
export function codeIn(body: Parameters<typeof codeOf>[0]): string {
  const code = codeOf(body);
  if (code === undefined) throw refusedFields([violation('totp', 'is required', 'required')]);
  return code;
}

/** The tokens of a login that is whole. */
export function loggedInOut(
  login: SessionTokens & { readonly user: SeenUser; readonly quality?: PasswordQuality | null },
): Static<typeof LoggedIn> {
  const { user, quality = null, access, refresh, device } = login;
  if (refresh === null) throw new Error('a login with a signed token has a refresh token');
  return {
    meta: metaOut(quality),
    user: userOut(user),
    access: tokenOut(access.token, access.expiresAt),
    refresh: tokenOut(refresh.token, refresh.expiresAt),
    device,
  };
}

/** How the user of a session proved itself, under the names of RFC 9068. */
const authenticationFields = {
  amr: Type.Array(Type.Enum(proofMethods, { examples: ['pwd'] }), {
    description: 'How the user proved who it is; `pwd`: by a password.',
  }),
  acr: Type.Enum(assuranceLevels, {
    description: '`aal2`: with two factors, `aal1`: with one (NIST SP 800-63B).',
    examples: ['aal1'],
  }),
  auth_time: Type.Integer({
    description: 'When the user proved something last. Seconds since 1970.',
    examples: [1769851800],
  }),
};

const authenticationOut = ({ amr, authenticatedAt }: Authentication) => ({
  amr: [...amr],
  acr: assuranceOf(amr),
  auth_time: Math.floor(authenticatedAt / 1000),
});

const VerifiedToken = Type.Object(
  {
    token: Type.String({ examples: ['example.access.token'] }),
    max_age: Type.Optional(
      Type.Integer({
        description:
          'Seconds that may have passed since the user proved something. Beyond them the answer is 403 `insufficient_user_authentication`: let the user prove itself again.',
        minimum: 0,
        maximum: 31_536_000,
        examples: [3600],
      }),
    ),
    acr_values: Type.Optional(
      Type.Array(Type.Enum(assuranceLevels, { examples: ['aal1'] }), {
        description: 'The levels that are enough; where none is reached, the answer is that 403.',
        minItems: 1,
        maxItems: 2,
      }),
    ),
    audit: AuditAsked,
  },
  { $id: 'VerifiedToken', ...strict },
);

const ProvenAgain = Type.Object(
  {
    token: Type.String({
      description: 'An access token of the session.',
      examples: ['example.access.token'],
    }),
    password: Type.Optional({ ...currentPassword, minLength: 1 }),
    ...codeFields,
  },
  { $id: 'ProvenAgain', ...strict, ...oneCode },
);

const SteppedUp = Type.Object(
  { user: User, access: Token, ...authenticationFields },
  { $id: 'SteppedUp' },
);

const TokenVerified = Type.Object(
  { user: User, access: Token, ...authenticationFields, audit: asked },
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
    amr: authenticationFields.amr,
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
            'second_factor_required',
            'factor_enrolment_required',
            'too_many_requests',
            'overloaded',
          ],
          body: Credentials,
          response: { 200: LoggedIn },
        },
      },
      async (request) => {
        const { email, password, device } = request.body;
        const code = codeOf(request.body);
        const { login } = deps.useCases.sessions;
        const input = { email, password, device, code };
        return loggedInOut(await login.execute(actorOf(request), input));
      },
    );

    app.post(
      '/auth/provider/local/login/factor',
      {
        schema: {
          operationId: 'loginFactor',
          tags: ['sessions'],
          summary: 'Go on with a login that asked for a second factor',
          description:
            'With the challenge and a code; a try that is refused spends neither. `meta` says nothing of the password, which is not there.',
          security: ['serviceKey'],
          errors: ['invalid_credentials', 'too_many_requests', 'overloaded'],
          body: GivenFactor,
          response: { 200: LoggedIn },
        },
      },
      async (request) => {
        const { challenge, device } = request.body;
        const { logInWithFactor } = deps.useCases.sessions;
        const input = { challenge, code: codeIn(request.body), device, kinds: ['login'] } as const;
        return loggedInOut(await logInWithFactor.execute(actorOf(request), input));
      },
    );

    app.post(
      '/auth/token/step-up',
      {
        schema: {
          operationId: 'stepUp',
          tags: ['sessions'],
          summary: 'Let a user prove itself again in a session',
          description:
            'A user with one-time codes shows one; everybody else the password. The session is fresher from then on, and may be stronger; the answer has a new access token of it that says so (RFC 9470).',
          security: ['serviceKey'],
          errors: ['invalid_token', 'invalid_credentials', 'too_many_requests', 'overloaded'],
          body: ProvenAgain,
          response: { 200: SteppedUp },
        },
      },
      async (request) => {
        const { token, password } = request.body;
        const { proveAgain } = deps.useCases.sessions;
        const input = { token, password, code: codeOf(request.body) };
        const { user, access, ...proof } = await proveAgain.execute(actorOf(request), input);
        return {
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          ...authenticationOut(proof),
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
          security: ['serviceKey', 'verifierKey'],
          errors: ['invalid_token', 'insufficient_user_authentication'],
          body: VerifiedToken,
          response: { 200: TokenVerified },
        },
      },
      async (request) => {
        const { verifyToken } = deps.useCases.sessions;
        const { token, audit: type, max_age: maxAgeS, acr_values: levels } = request.body;
        const input = { token, audit: type, maxAgeS, levels };
        const { user, expiresAt, audit, ...proof } = await verifyToken.execute(
          actorOf(request),
          input,
        );
        const access = tokenOut(token, expiresAt);
        return { user: userOut(user), access, ...authenticationOut(proof), audit };
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
