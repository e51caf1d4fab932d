import { NotFound } from '@rekey/domain';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { HttpDeps } from './deps.ts';
import { docs } from './docs/index.ts';
import { connectionKeeper } from './drain.ts';
import { form } from './form/index.ts';
import { securityHeaders } from './headers.ts';
import { health } from './health.ts';
import { listener } from './listener.ts';
import { tellWhenDone } from './log.ts';
import { methodsByPath } from './methods.ts';
import { pages } from './pages/index.ts';
import { HttpError } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import { sendProblem } from './send-problem.ts';
import { v1 } from './v1/index.ts';
import { strictValidator } from './validation.ts';

const MAX_BODY = 16 * 1024;

/** Hashing keeps a few dozen clients waiting at most; each connection costs some 10 KiB and a file descriptor. */
const MAX_CONNECTIONS = 2000;

export type HttpServer = {
  /** Listens with `app.listen({ host, port })`. */
  readonly app: FastifyInstance;
  /**
   * Stops without losing a request: says it is not ready, takes no new connections, answers what comes on open ones
   * and closes them, and cuts what remains after `ms`. Further calls join the first.
   */
  drain(limit: { readonly ms: number }): Promise<void>;
};

/** Both dialects, the hosted pages and what operators ask, on one server that does not listen yet. */
export function createHttpServer(deps: HttpDeps): HttpServer {
  const { log, options } = deps;
  const headers = securityHeaders(options.publicUrl);
  const connections = connectionKeeper(options.maxConnections ?? MAX_CONNECTIONS);
  let draining: Promise<void> | null = null;

  const app = fastify({
    bodyLimit: MAX_BODY,
    trustProxy: options.trustProxy.length > 0 && [...options.trustProxy],
    genReqId: requestIdOf,
    return503OnClosing: false,
    serverFactory: (handler) => {
      const server = listener(handler, log, headers);
      connections.watch(server);
      return server;
    },
    // The listener has its own.
    clientErrorHandler: () => {},
    // What Fastify refuses before there is a route, so that no hook runs.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply);
      sayGoodbye(reply);
      sendError(error, request, reply);
    },
  });

  const sendError = sendProblem(deps);
  app.setErrorHandler(sendError);
  app.setValidatorCompiler(strictValidator);
  const methodsOf = methodsByPath(app);

  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done(refusalOf(request));
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    sayGoodbye(reply);
    done();
  });

  app.register(health(deps, () => draining !== null));
  app.register(v1(deps), { prefix: '/v1' });
  app.register(form(deps), { prefix: '/users' });
  app.register(pages(deps));
  app.register(docs(deps));

  return {
    app,
    drain({ ms }) {
      draining ??= connections.drain(ms).then(() => app.close());
      return draining;
    },
  };

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    tellWhenDone(deps, request, reply);
    reply.headers(headers).header('x-request-id', request.id);
  }

  function sayGoodbye(reply: FastifyReply): void {
    if (draining !== null) reply.header('connection', 'close');
  }

  /** What is wrong whatever the route. Said here, and not in a 404 handler: that one would read the body first. */
  function refusalOf({ headers: { host }, is404, url, raw }: FastifyRequest): Error | undefined {
    if (host === undefined && raw.httpVersion === '1.1') {
      return new HttpError('bad_request', 'the Host header is missing');
    }
    if (!is404) return undefined;
    const [path = ''] = url.split('?');
    const allow = methodsOf(path);
    if (allow.length === 0) return new NotFound();
    const detail = `this path answers ${allow.join(', ')}`;
    return new HttpError('method_not_allowed', detail, { headers: { allow: allow.join(', ') } });
  }
}
