import { NotFound } from '@rekey/domain';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { docs } from './docs/index.ts';
import { form, formWording } from './form/index.ts';
import { hooks } from './hooks/index.ts';
import { pages } from './pages/index.ts';
import { clientAddresses, matcherOf } from './server/address.ts';
import { connectionLimits } from './server/connections.ts';
import { cors } from './server/cors.ts';
import type { HttpDeps } from './server/deps.ts';
import { drainer } from './server/drain.ts';
import { parseForm } from './server/form.ts';
import { refusedHead } from './server/head.ts';
import { securityHeaders } from './server/headers.ts';
import { health } from './server/health.ts';
import { listener } from './server/listener.ts';
import { tellWhenDone } from './server/log.ts';
import { methodsByPath } from './server/methods.ts';
import { HttpError } from './server/problem.ts';
import { requestIdOf } from './server/request-id.ts';
import { collectRoutes, type DescribedRoute } from './server/routes.ts';
import { sendProblem } from './server/send-problem.ts';
import { writers } from './server/serialization.ts';
import { openStreams } from './server/streams.ts';
import { strictValidator } from './server/validation.ts';
import { v1, v1Wording } from './v1/index.ts';

const MAX_BODY_BYTES = 16 * 1024;

type HttpServer = {
  /** Listens with `app.listen({ host, port })`. */
  readonly app: FastifyInstance;
  /** Every route with its description. The server must be ready. */
  routes(): readonly DescribedRoute[];
  /**
   * Stops without losing a request: tells that it is not ready, takes no new connections, answers the requests on open
   * connections and closes them, ends streams, and cuts those that remain after `ms`. Further calls join the first.
   */
  drain(limit: { readonly ms: number }): Promise<void>;
};

/** Both dialects, the hosted pages and the routes of operators, on one server that does not listen yet. */
export function createHttpServer(deps: HttpDeps): HttpServer {
  const { log, options } = deps;
  const headers = securityHeaders(options.publicUrl);
  const limits = connectionLimits(options);
  const addressOf = clientAddresses(matcherOf(options.trustProxy));
  const sharing = cors(options);
  const connections = drainer();
  const streams = openStreams(limits.unhurried);
  let draining: Promise<void> | null = null;

  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestIdOf,
    return503OnClosing: false,
    routerOptions: { querystringParser: parseForm },
    serverFactory: (handler) => {
      const server = listener(limits.bounding(handler), log, headers, options.keepAliveTimeoutMs);
      limits.watch(server);
      connections.watch(server);
      return server;
    },
    // The listener has its own.
    clientErrorHandler: () => {},
    // For requests that Fastify refuses before there is a route, so that no hook runs.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply);
      sayGoodbye(reply);
      sendError(error, request, reply);
    },
  });

  const plainly = sendProblem(deps);
  const inDialect: Readonly<Record<string, typeof plainly>> = {
    '/v1': sendProblem(deps, v1Wording),
    '/users': sendProblem(deps, formWording),
  };
  /** Where there is no route, the path tells the dialect. */
  const sendError: typeof plainly = (error, request, reply) => {
    const [prefix = ''] = /^\/[^/?]*/.exec(request.url) ?? [];
    (inDialect[prefix] ?? plainly)(error, request, reply);
  };
  app.setErrorHandler(sendError);
  app.setValidatorCompiler(strictValidator(options));
  app.setSerializerCompiler(writers);
  app.decorateRequest('actor');
  app.decorateRequest('address', {
    getter() {
      return addressOf(this.raw);
    },
  });
  app.decorateRequest('begun', null);
  const methodsOf = methodsByPath(app);
  const routes = collectRoutes(app);

  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    const refusal = refusalOf(request);
    const isRoute = refusal === undefined || refusal.code === 'method_not_allowed';
    if (isRoute && sharing.isPreflight(request)) reply.code(204).send();
    else done(refusal);
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    sayGoodbye(reply);
    done();
  });

  app.register(v1(deps, streams), { prefix: '/v1' });
  app.register(form(deps), { prefix: '/users' });
  app.register(health(deps, () => draining !== null));
  app.register(pages(deps));
  app.register(hooks(deps));
  app.register(docs(deps, routes));

  return {
    app,
    routes,
    drain({ ms }) {
      if (draining === null) streams.end();
      draining ??= connections.drain(ms).then(() => app.close());
      return draining;
    },
  };

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    tellWhenDone(deps, request, reply);
    reply.headers(headers).header('x-request-id', request.id);
    sharing.mark(request, reply);
  }

  function sayGoodbye(reply: FastifyReply): void {
    if (draining !== null) reply.header('connection', 'close');
  }

  /** Faults of any route. They are told here, and not in a 404 handler, which would read the body first. */
  function refusalOf({ is404, url, raw }: FastifyRequest): HttpError | NotFound | undefined {
    const refused = refusedHead(raw);
    if (refused) return refused;
    if (!is404) return undefined;
    const [path = ''] = url.split('?', 1);
    const allow = methodsOf(path);
    if (allow.length === 0) return new NotFound();
    const detail = `this path answers ${allow.join(', ')}`;
    return new HttpError('method_not_allowed', detail, { headers: { allow: allow.join(', ') } });
  }
}
