import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Forbidden, Unauthorized, type User } from '@rekey/domain';
import { type AccessGrant, formServiceId } from '@rekey/usecases';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { bearerTokenOf } from '../authorization.ts';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { originOf } from '../origin.ts';
import { Problem } from '../problem.ts';
import { sendProblem } from '../send-problem.ts';
import { FORM, takeForms } from './urlencoded.ts';

const strict = { additionalProperties: false };
const NewUser = Type.Object(
  { name: Type.String(), email: Type.String(), password: Type.String() },
  strict,
);
const Credentials = Type.Object({ email: Type.String(), password: Type.String() }, strict);
const NewPassword = Type.Object(
  { email: Type.String(), password: Type.String(), newPassword: Type.String() },
  strict,
);

const UserOut = Type.Object({
  hash: Type.String({ format: 'uuid' }),
  name: Type.String(),
  email: Type.String(),
  emailValid: Type.Boolean(),
});
const LoggedIn = Type.Object({ user: UserOut, token: Type.String() });

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
    const { authenticateBearer, createUser, login, updatePassword, formService, options } = deps;
    await takeForms(app);
    app.decorateRequest('grant');
    app.setErrorHandler(sendProblem(deps.log));

    app.post(
      '/create',
      {
        onRequest: consumes(FORM),
        schema: { body: NewUser, response: { 200: UserOut, default: Problem } },
      },
      async ({ body }) => {
        if (!options.usersSignup) throw new Forbidden('registration_closed');
        const service = await formService();
        const { user } = await createUser.execute({
          ...body,
          service,
          isEnabled: true,
          withTokenKey: true,
        });
        return userOut(user);
      },
    );

    app.post(
      '/login',
      {
        onRequest: consumes(FORM),
        schema: { body: Credentials, response: { 200: LoggedIn, default: Problem } },
        errorHandler: sendProblem(deps.log, { statusOf: { invalid_credentials: 401 } }),
      },
      async ({ body }) => {
        const { user, access } = await login.execute({
          ...body,
          serviceId: formServiceId,
          tokenForm: 'encrypted',
        });
        return { user: userOut(user), token: access.token };
      },
    );

    app.put(
      '/update/password',
      {
        onRequest: [requireBearer, consumes(FORM)],
        schema: { body: NewPassword, response: { 200: UserOut, default: Problem } },
      },
      async (request) => {
        const session = request.getDecorator<AccessGrant>('grant');
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
