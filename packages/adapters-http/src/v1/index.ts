import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { sendProblem } from '../send-problem.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { parseJsonBody } from './json.ts';
import { keyRoutes } from './keys.ts';
import { localProviderRoutes } from './local.ts';
import { userRoutes } from './users.ts';

/** The JSON dialect: services act for their users. */
export const v1 =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonBody);
    app.decorateRequest('caller');
    app.setErrorHandler(sendProblem(deps, { fieldName: snakeCase }));
    app.register(userRoutes(deps));
    app.register(keyRoutes(deps));
    app.register(localProviderRoutes(deps));
    app.register(authRoutes(deps));
    app.register(auditRoutes(deps));
  };

/** `newPassword` is `new_password` here. */
const snakeCase = (name: string) =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
