import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { admit } from '../admit.ts';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { Problem } from '../problem.ts';
import { requireService, serviceIdOf } from './caller.ts';
import {
  Credentials,
  GivenToken,
  LoggedIn,
  metaOut,
  NewPassword,
  PasswordUpdated,
  tokenOut,
  Unaudited,
  userOut,
} from './schemas.ts';

/** What a service does with its users' passwords. */
export const localProviderRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { authenticateKey, admitClient, login, updatePassword, revokeUpdatePassword } = deps;
    const authenticate = requireService(authenticateKey);
    const consumesJson = consumes('application/json');
    const onTry = [authenticate, admit(admitClient, serviceIdOf), consumesJson];

    app.post(
      '/auth/provider/local/login',
      {
        onRequest: onTry,
        schema: { body: Credentials, response: { 200: LoggedIn, default: Problem } },
      },
      async (request) => {
        const { user, quality, access, refresh } = await login.execute({
          ...request.body,
          serviceId: serviceIdOf(request),
          origin: originOf(request),
          tokenForm: 'signed',
        });
        if (refresh === null) throw new Error('a login with a signed token has a refresh token');
        return {
          meta: metaOut(quality),
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
        };
      },
    );

    app.post(
      '/auth/provider/local/update-password',
      {
        onRequest: onTry,
        schema: { body: NewPassword, response: { 200: PasswordUpdated, default: Problem } },
      },
      async (request) => {
        const { quality } = await updatePassword.execute({
          serviceId: serviceIdOf(request),
          email: request.body.email,
          password: request.body.password,
          newPassword: request.body.new_password,
          origin: originOf(request),
        });
        return { meta: metaOut(quality) };
      },
    );

    app.post(
      '/auth/provider/local/update-password/revoke',
      {
        onRequest: [authenticate, consumesJson],
        schema: { body: GivenToken, response: { 200: Unaudited, default: Problem } },
      },
      async (request) => {
        const presentedBy = serviceIdOf(request);
        const { token } = request.body;
        const origin = originOf(request);
        await revokeUpdatePassword.execute({ token, presentedBy, origin });
        return { audit: null };
      },
    );
  };
