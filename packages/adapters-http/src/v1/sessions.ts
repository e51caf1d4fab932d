import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Instant } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, deviceToken, email, strict } from '../server/fields.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import { Audited } from './shared.ts';
import { User, userOut } from './users.ts';

const Credentials = Type.Object(
  { email, password: currentPassword, device: Type.Optional(deviceToken) },
  { $id: 'Credentials', ...strict },
);

const GivenToken = Type.Object(
  { token: Type.String({ examples: ['example.access.token'] }) },
  { $id: 'GivenToken', ...strict },
);
const GivenRefreshToken = Type.Object(
  { token: Type.String({ examples: ['example-refresh-token'] }) },
  { $id: 'GivenRefreshToken', ...strict },
);

const Token = Type.Object(
  {
    token: Type.String({ examples: ['example.token'] }),
    token_expires: Type.Integer({ description: 'Seconds since 1970.', examples: [1769855400] }),
  },
  { $id: 'Token' },
);

const tokenOut = (token: string, expiresAt: Instant): Static<typeof Token> => ({
  token,
  token_expires: Math.floor(expiresAt / 1000),
});

const LoggedIn = Type.Object(
  { meta: PasswordMeta, user: User, access: Token, refresh: Token, device: deviceToken },
  { $id: 'LoggedIn' },
);
const TokenVerified = Type.Object({ user: User, access: Token }, { $id: 'TokenVerified' });
const TokenRefreshed = Type.Object(
  { user: User, access: Token, refresh: Token },
  { $id: 'TokenRefreshed' },
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
          tokenForm: 'signed',
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
          tags: ['sessions'],
          summary: 'Find out which user an access token stands for',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenToken,
          response: { 200: TokenVerified },
        },
      },
      async (request) => {
        const { token } = request.body;
        const { verifyToken } = deps.useCases.sessions;
        const { user, expiresAt } = await verifyToken.execute(actorOf(request), { token });
        return { user: userOut(user), access: tokenOut(token, expiresAt) };
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
        const { token } = request.body;
        const { refreshToken } = deps.useCases.sessions;
        const { user, access, refresh } = await refreshToken.execute(actorOf(request), { token });
        return {
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
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
        const { token } = request.body;
        const { revokeToken } = deps.useCases.sessions;
        return { audit: await revokeToken.execute(actorOf(request), { token }) };
      },
    );
  };
