import type { FastifyPluginAsync } from 'fastify';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { formBody } from '../server/form.ts';
import type { Problem } from '../server/problem.ts';
import { speak } from '../server/routes.ts';
import { sendProblem } from '../server/send-problem.ts';
import { passwordRoutes } from './passwords.ts';
import { sessionRoutes } from './sessions.ts';
import { userRoutes } from './users.ts';

/** The form dialect: people act for themselves, at the built-in service. */
export const form =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    speak(app, deps, { body: formBody, sendError: sendProblem(deps, { members }) });
    app.addHook('onRequest', refuseForeignSites(deps.options.publicUrl, { mayHide: false }));
    app.register(userRoutes(deps));
    app.register(sessionRoutes(deps));
    app.register(passwordRoutes(deps));
  };

/** What clients of orion users read of a problem: there each has a violation, about a field or not. */
const members = ({ detail, errors }: Problem): Partial<Problem> => ({
  message: detail,
  violations: errors?.map(({ field, message }) => ({ field, message })) ?? [{ message: detail }],
});
