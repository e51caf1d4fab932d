import type { FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { formBody } from '../server/form.ts';
import { Problem } from '../server/problem.ts';
import { speak } from '../server/routes.ts';
import { sendProblem, type Wording } from '../server/send-problem.ts';
import { accountRoutes } from './accounts.ts';
import { factorRoutes } from './factors.ts';
import { passkeyRoutes } from './passkeys.ts';
import { passwordRoutes } from './passwords.ts';
import { providerRoutes } from './providers.ts';
import { sessionRoutes } from './sessions.ts';
import { userRoutes } from './users.ts';
import { validationRoutes } from './validation.ts';

/** The form dialect: people act for themselves, at the built-in service. */
export const form =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    const sendError = sendProblem(deps, formWording);
    speak(app, deps, { body: formBody, problem: FormProblem, sendError });
    const { publicUrl, corsAllowOrigin: allowed } = deps.options;
    app.addHook('onRequest', refuseForeignSites(publicUrl, { allowed, mayHide: false }));
    app.register(userRoutes(deps));
    app.register(accountRoutes(deps));
    app.register(sessionRoutes(deps));
    app.register(providerRoutes(deps));
    app.register(passwordRoutes(deps));
    app.register(factorRoutes(deps));
    app.register(passkeyRoutes(deps));
    app.register(validationRoutes(deps));
  };

const FormViolation = Type.Object({
  field: Type.Optional(Type.String({ examples: ['email'] })),
  message: Type.String({ examples: ['is required'] }),
});

const FormProblem = Type.Object(
  {
    ...Problem.properties,
    message: Type.String({ description: 'For clients of orion users: equal to `detail`.' }),
    violations: Type.Array(FormViolation, {
      description: 'For clients of orion users: the `errors`, or else the `detail`.',
    }),
  },
  {
    $id: 'FormProblem',
    description: 'A problem in the form dialect.',
    members: ({ detail, errors }: Problem) => ({
      message: detail,
      violations: errors?.map(({ field, message }) => ({ field, message })) ?? [
        { message: detail },
      ],
    }),
  },
);

/** How the form dialect words its problems. */
export const formWording: Wording = { problem: FormProblem };
