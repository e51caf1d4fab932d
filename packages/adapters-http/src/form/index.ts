import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Forbidden, Unauthorized, type User } from '@rekey/domain';
import { type AccessGrant, formServiceId } from '@rekey/usecases';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { admit } from '../admit.ts';
import { bearerTokenOf } from '../authorization.ts';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { listen } from '../pages/language.ts';
import { Problem } from '../problem.ts';
import { sendProblem } from '../send-problem.ts';
import { FORM, takeForms } from './urlencoded.ts';

const strict = { additionalProperties: false };
export const NewUser = Type.Object(
  { name: Type.String(), email: Type.String(), password: Type.String() },
  strict,
);
export const Credentials = Type.Object({ email: Type.String(), password: Type.String() }, strict);
export const NewPassword = Type.Object(
  { email: Type.String(), password: Type.String(), newPassword: Type.String() },
  strict,
);

export const UserOut = Type.Object({
  hash: Type.String({ format: 'uuid' }),
  name: Type.String(),
  email: Type.String(),
  emailValid: Type.Boolean(),
});
export const LoggedIn = Type.Object({ user: UserOut, token: Type.String() });

const userOut = (user: User): Static<typeof UserOut> => ({
  hash: user.id,
  name: user.name,
  email: user.email,
  // Whether the address was proven: Rekey asks nobody to, so it never is.
  emailValid: false,
});

/** The form dialect: people act for themselves, at the built-in service. */
export const form =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { authenticateBearer, admitClient, createUser, login, updatePassword, formService } =
      deps;
    await takeForms(app);
    app.decorateRequest('grant');
    app.setErrorHandler(sendProblem(deps));

    app.post(
      '/create',
      {
        onRequest: consumes(FORM),
        schema: { body: NewUser, response: { 200: UserOut, default: Problem } },
      },
      async (request) => {
        if (!deps.options.usersSignup) throw new Forbidden('registration_closed');
        const service = await formService();
        const { user } = await createUser.execute({
          ...request.body,
          service,
          locale: listen(request.headers['accept-language']).locale,
          isEnabled: true,
          withTokenKey: true,
          signUpFrom: originOf(request),
        });
        return userOut(user);
      },
    );

    app.post(
      '/login',
      {
        onRequest: [admit(admitClient, () => formServiceId), consumes(FORM)],
        schema: { body: Credentials, response: { 200: LoggedIn, default: Problem } },
        errorHandler: sendProblem(deps, { statusOf: { invalid_credentials: 401 } }),
      },
      async (request) => {
        const { user, access } = await login.execute({
          ...request.body,
          serviceId: formServiceId,
          origin: originOf(request),
          tokenForm: 'encrypted',
        });
        return { user: userOut(user), token: access.token };
      },
    );

    app.put(
      '/update/password',
      {
        onRequest: [
          requireBearer,
          admit(admitClient, (request) => grantOf(request).serviceId),
          consumes(FORM),
        ],
        schema: { body: NewPassword, response: { 200: UserOut, default: Problem } },
      },
      async (request) => {
        const session = grantOf(request);
        const { user } = await updatePassword.execute({
          ...request.body,
          // A token of the JSON dialect's login belongs to another service than this one.
          serviceId: session.serviceId,
          session,
          origin: originOf(request),
        });
        return userOut(user);
      },
    );

    async function requireBearer(request: FastifyRequest): Promise<void> {
      const token = bearerTokenOf(request);
      if (token === null) throw new Unauthorized();
      request.setDecorator<AccessGrant>('grant', await authenticateBearer.execute(token));
    }
  };

const grantOf = (request: Pick<FastifyRequest, 'getDecorator'>): AccessGrant =>
  request.getDecorator<AccessGrant>('grant');
