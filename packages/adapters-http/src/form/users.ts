import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { preferred } from '@rekey/wording';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { deviceToken, email, firstPassword, name } from '../server/fields.ts';
import { FormLogin, FormUser, factorRequiredOut, formLoggedInOut, formUserOut } from './shared.ts';

const SignUp = Type.Object(
  { name: name('Ada'), email, password: firstPassword, device: Type.Optional(deviceToken) },
  { $id: 'SignUp' },
);

export const userRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const cookie = deviceCookie(deps.options);
    const errors = [
      'registration_closed',
      'too_many_requests',
      'overloaded',
      'unavailable',
    ] as const;

    app.post(
      '/create',
      {
        schema: {
          operationId: 'signUp',
          tags: ['forms'],
          summary: 'Sign up',
          description:
            'At an address that has an account, the right password answers that user, unchanged: a sign-up can be repeated. Any other password is refused like an address that cannot be used, and counts like one of a login.',
          security: [],
          errors,
          body: SignUp,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const user = await deps.useCases.users.signUp.execute(actorOf(request), {
          ...request.body,
          device: request.body.device ?? cookie.read(request),
          locale: preferred(request.headers['accept-language']).locale,
        });
        return formUserOut(user);
      },
    );

    app.post(
      '/createAuthenticate',
      {
        schema: {
          operationId: 'signUpAndSignIn',
          tags: ['forms'],
          summary: 'Sign up and log in',
          description:
            'At an address that has an account it is a login with that password, and wrong credentials are a 400.',
          security: [],
          errors: [...errors, 'password_update_required', 'factor_enrolment_required'],
          body: SignUp,
          response: { 200: FormLogin },
        },
      },
      async (request, reply) => {
        const { signUpAndLogIn } = deps.useCases.users;
        const input = {
          ...request.body,
          device: request.body.device ?? cookie.read(request),
          locale: preferred(request.headers['accept-language']).locale,
        };
        const login = signUpAndLogIn.execute(actorOf(request), input);
        return login.then(({ user, access, device }) => {
          cookie.keep(device, request, reply);
          return formLoggedInOut(user, access.token, device);
        }, factorRequiredOut);
      },
    );

    app.get(
      '/me',
      {
        schema: {
          operationId: 'readOwnAccount',
          tags: ['forms'],
          summary: 'Read the own account',
          security: ['accessToken'],
          querystring: Type.Object({}),
          response: { 200: FormUser },
        },
      },
      async (request) =>
        formUserOut(await deps.useCases.users.readOwnAccount.execute(actorOf(request))),
    );
  };
