import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { User } from '@rekey/domain';
import { preferred } from '@rekey/wording';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { email, firstPassword, name } from '../server/fields.ts';

const SignUp = Type.Object(
  { name: name('Ada'), email, password: firstPassword },
  { $id: 'SignUp' },
);

export const FormUser = Type.Object(
  {
    hash: Type.String({
      description: 'The id of the user.',
      format: 'uuid',
      examples: ['7eba8ef2-426b-446a-9f05-4ab67e71383d'],
    }),
    name: Type.String({ examples: ['Ada'] }),
    email: Type.String({
      description: 'In its canonical form: lower case, domain in ASCII.',
      examples: ['ada@example.com'],
    }),
    emailValid: Type.Boolean({
      description: 'Whether the address was proven. Rekey asks nobody to: never.',
      examples: [false],
    }),
  },
  { $id: 'FormUser' },
);

export const formUserOut = (user: User): Static<typeof FormUser> => ({
  hash: user.id,
  name: user.name,
  email: user.email,
  emailValid: false,
});

export const userRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/create',
      {
        schema: {
          operationId: 'signUp',
          tags: ['forms'],
          summary: 'Sign up',
          security: [],
          errors: ['registration_closed', 'too_many_requests', 'overloaded', 'unavailable'],
          body: SignUp,
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const { user } = await deps.useCases.users.createUser.execute(actorOf(request), {
          ...request.body,
          locale: preferred(request.headers['accept-language']).locale,
          isEnabled: true,
        });
        return formUserOut(user);
      },
    );
  };
