import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { admit } from '../admit.ts';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { Problem } from '../problem.ts';
import { requireService, serviceIdOf } from './caller.ts';
import {
  Audited,
  GivenCode,
  GivenKey,
  GivenToken,
  KeyVerified,
  keyOut,
  TokenRefreshed,
  TokenVerified,
  tokenOut,
  userOut,
} from './schemas.ts';

/** What a service does with the tokens, keys and one-time codes that its users bring. */
export const authRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const authenticate = requireService(deps.authenticateKey);
    const consumesJson = consumes('application/json');
    const onRequest = [authenticate, consumesJson];

    app.post(
      '/auth/token/verify',
      {
        onRequest,
        schema: { body: GivenToken, response: { 200: TokenVerified, default: Problem } },
      },
      async (request) => {
        const { token } = request.body;
        const serviceId = serviceIdOf(request);
        const { user, expiresAt } = await deps.verifyToken.execute({ serviceId, token });
        return { user: userOut(user), access: tokenOut(token, expiresAt) };
      },
    );

    app.post(
      '/auth/token/refresh',
      {
        onRequest,
        schema: { body: GivenToken, response: { 200: TokenRefreshed, default: Problem } },
      },
      async (request) => {
        const { user, access, refresh } = await deps.refreshToken.execute({
          serviceId: serviceIdOf(request),
          token: request.body.token,
          origin: originOf(request),
        });
        return {
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
        };
      },
    );

    app.post(
      '/auth/token/revoke',
      { onRequest, schema: { body: GivenToken, response: { 200: Audited, default: Problem } } },
      async (request) => {
        const audit = await deps.revokeToken.execute({
          serviceId: serviceIdOf(request),
          token: request.body.token,
          origin: originOf(request),
        });
        return { audit };
      },
    );

    app.post(
      '/auth/key/verify',
      { onRequest, schema: { body: GivenKey, response: { 200: KeyVerified, default: Problem } } },
      async (request) => {
        const { user, key } = await deps.verifyKey.execute({
          serviceId: serviceIdOf(request),
          value: request.body.key,
        });
        return { user: userOut(user), key: keyOut(key) };
      },
    );

    app.post(
      '/auth/key/revoke',
      { onRequest, schema: { body: GivenKey, response: { 200: Audited, default: Problem } } },
      async (request) => {
        const audit = await deps.revokeKey.execute({
          serviceId: serviceIdOf(request),
          value: request.body.key,
          origin: originOf(request),
        });
        return { audit };
      },
    );

    app.post(
      '/auth/totp',
      {
        onRequest: [authenticate, admit(deps.admitClient, serviceIdOf), consumesJson],
        schema: { body: GivenCode, response: { 200: Audited, default: Problem } },
      },
      async (request) => {
        const audit = await deps.verifyTotp.execute({
          serviceId: serviceIdOf(request),
          userId: request.body.user_id.toLowerCase(),
          code: request.body.totp,
          origin: originOf(request),
        });
        return { audit };
      },
    );
  };
