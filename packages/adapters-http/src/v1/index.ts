import type { FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { jsonBody } from '../server/json.ts';
import { Problem } from '../server/problem.ts';
import { speak } from '../server/routes.ts';
import { sendProblem, type Wording } from '../server/send-problem.ts';
import type { Streams } from '../server/streams.ts';
import { auditRoutes } from './audit.ts';
import { csrfRoutes } from './csrf.ts';
import { emailRoutes } from './emails.ts';
import { eventRoutes } from './events.ts';
import { factorRoutes } from './factors.ts';
import { keyRoutes } from './keys.ts';
import { passkeyRoutes } from './passkeys.ts';
import { passwordRoutes } from './passwords.ts';
import { providerRoutes } from './providers.ts';
import { recoveryRoutes } from './recovery.ts';
import { registrationRoutes } from './registration.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './sessions.ts';
import { userExportRoutes } from './user-export.ts';
import { userRoutes } from './users.ts';
import { webhookRoutes } from './webhooks.ts';

/** The JSON dialect: services act for their users. */
export const v1 =
  (deps: HttpDeps, streams: Streams): FastifyPluginAsync =>
  async (app) => {
    const sendError = sendProblem(deps, v1Wording);
    const querystring = Type.Object({}, strict);
    speak(app, deps, { body: jsonBody, querystring, problem: JsonProblem, sendError });
    app.register(userRoutes(deps));
    app.register(userExportRoutes(deps));
    app.register(keyRoutes(deps));
    app.register(serviceRoutes(deps));
    app.register(sessionRoutes(deps));
    app.register(passwordRoutes(deps));
    app.register(emailRoutes(deps));
    app.register(providerRoutes(deps));
    app.register(recoveryRoutes(deps));
    app.register(registrationRoutes(deps));
    app.register(factorRoutes(deps));
    app.register(passkeyRoutes(deps));
    app.register(csrfRoutes(deps));
    app.register(auditRoutes(deps));
    app.register(eventRoutes(deps, streams));
    app.register(webhookRoutes(deps));
  };

/** The texts by which clients of mojzu/sso tell refused arguments from all else. */
const peerErrors = ['ValidationError', 'RedactedError'] as const;

const PeerError = (description: string) =>
  Type.Enum(peerErrors, { description, examples: ['RedactedError'] });

const JsonProblem = Type.Object(
  {
    ...Problem.properties,
    error: PeerError(
      'For clients of mojzu/sso: `ValidationError` where arguments are refused, and otherwise `RedactedError`.',
    ),
    message: PeerError('For clients of mojzu/sso: equal to `error`.'),
  },
  {
    $id: 'JsonProblem',
    description: 'A problem in the JSON dialect.',
    members({ code }: Problem) {
      const error = code === 'invalid_argument' ? 'ValidationError' : 'RedactedError';
      return { error, message: error };
    },
  },
);

/** How the JSON dialect words its problems. */
export const v1Wording: Wording = {
  problem: JsonProblem,
  /** `newPassword` is `new_password` here. */
  fieldName: (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
};
