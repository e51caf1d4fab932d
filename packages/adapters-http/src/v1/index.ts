import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import { jsonBody } from '../server/json.ts';
import { speak } from '../server/routes.ts';
import { sendProblem } from '../server/send-problem.ts';
import { auditRoutes } from './audit.ts';
import { factorRoutes } from './factors.ts';
import { keyRoutes } from './keys.ts';
import { passwordRoutes } from './passwords.ts';
import { sessionRoutes } from './sessions.ts';
import { userRoutes } from './users.ts';

/** The JSON dialect: services act for their users. */
export const v1 =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    speak(app, deps, { body: jsonBody, sendError: sendProblem(deps, { fieldName: snakeCase }) });
    app.register(userRoutes(deps));
    app.register(keyRoutes(deps));
    app.register(sessionRoutes(deps));
    app.register(passwordRoutes(deps));
    app.register(factorRoutes(deps));
    app.register(auditRoutes(deps));
  };

/** `newPassword` is `new_password` here. */
const snakeCase = (name: string) =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
