import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RouteOptions,
} from 'fastify';
import type { TObject } from 'typebox';
import { authenticate, type Scheme } from './actor.ts';
import { type BodyKind, consumes } from './body.ts';
import type { HttpDeps } from './deps.ts';
import { exampleOf } from './examples.ts';
import { idempotency, isRepeatable } from './idempotency.ts';
import { type DialectProblem, Problem, type ProblemCode, type Statuses } from './problem.ts';

/** The groups of the description, in its order. */
export const tags = {
  users: 'Users, in the JSON dialect: a service acts for its users.',
  keys: 'Keys of services and of their users.',
  services: 'Backends that act for their users.',
  sessions: 'Log a user in with a password, and use the tokens of a login.',
  passwords: 'Change a password, or set a new one.',
  recovery: 'Lock an account with the link of a mail, and give it back to its owner.',
  factors: 'Second factors.',
  providers: 'Sign-in with Google, GitHub and Microsoft.',
  csrf: 'Tokens against cross-site request forgery, for forms of services.',
  audit: 'The record of all actions.',
  events: 'What happened to the users of a service, in one order.',
  webhooks: 'Addresses of services that are called with what happens to their users.',
  forms: 'The form dialect: people act for themselves, at the built-in service.',
  operation: 'For operators and verifiers.',
} as const;
type Tag = keyof typeof tags;

declare module 'fastify' {
  /** The description of a route: documents, clients and tests are made of it. */
  interface FastifySchema {
    /** The name of the call, and of the client's method for it. */
    readonly operationId?: string;
    readonly tags?: readonly Tag[];
    readonly summary?: string;
    readonly description?: string;
    /** The credentials that the route takes, each of which is enough; empty for none. The dialect enforces it. */
    readonly security?: readonly Scheme[];
    /** The codes that the route may answer, beyond those of every route. */
    readonly errors?: readonly ProblemCode[];
    /** Where a code has another status here than elsewhere. */
    readonly statusOf?: Statuses;
    /** Whether the answer is about the moment in which it is given: a repeated request is looked at again. */
    readonly isVerdict?: true;
    /** Whether it takes an `Idempotency-Key`; the dialect sets it. */
    readonly isRepeatable?: boolean;
    /** The media type of the body; the dialect sets it. */
    readonly consumes?: string;
    /** Whether it is for people or their browsers: the description leaves it out. */
    readonly isHidden?: true;
  }
}

type Dialect = {
  /** The one kind of body that is read. */
  readonly body: BodyKind;
  /** The query of a route that says nothing of one; without it, such a route passes over whatever is there. */
  readonly querystring?: TObject;
  /** The body of every error, where the dialect adds something to it. */
  readonly problem?: DialectProblem;
  readonly sendError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
};

/** Makes the routes of a scope speak a dialect, and enforces their `security` and the type of their bodies. */
export function speak(app: FastifyInstance, deps: HttpDeps, dialect: Dialect): void {
  const { body: kind, problem = Problem, querystring, sendError } = dialect;
  app.removeAllContentTypeParsers();
  kind.addParser(app);
  app.setErrorHandler(sendError);
  const once = idempotency(deps);
  app.addHook('onRoute', (route) => {
    const { schema = {} } = route;
    const { security = [], body, isHidden } = schema;
    const repeatable = !isHidden && isRepeatable(route);
    const response = { ...(schema.response as object), default: problem };
    route.schema = {
      ...(querystring && { querystring }),
      ...schema,
      response,
      isRepeatable: repeatable,
      ...(body !== undefined && { consumes: kind.mediaType }),
    };
    route.onRequest = [
      ...(security.length > 0 ? [authenticate(deps, security)] : []),
      ...[route.onRequest ?? []].flat(),
      ...(body === undefined ? [] : [consumes(kind, { mayLack: !isRequired(body) })]),
    ];
    if (repeatable) {
      route.preHandler = [...[route.preHandler ?? []].flat(), once.preHandler];
      route.onSend = [...[route.onSend ?? []].flat(), once.onSend];
    }
  });
}

/** Whether a request needs a body: one whose fields are all optional may as well be left out. */
export const isRequired = (body: unknown): boolean => {
  const { required = [] } = body as { readonly required?: readonly string[] };
  return required.length > 0;
};

/** A route with its description, and with examples of a request. */
export type DescribedRoute = {
  readonly method: string;
  readonly url: string;
  readonly schema: FastifySchema;
  /** Null for a part that a request does not have. */
  readonly examples: { readonly body: Fields; readonly params: Fields; readonly query: Fields };
};
type Fields = Readonly<Record<string, unknown>> | null;

/** Collects the routes of a server that is not ready yet. The answer throws for a route that lacks a description or an example. */
export function collectRoutes(app: FastifyInstance): () => readonly DescribedRoute[] {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (route.method === 'HEAD') return;
    routes.push(route);
    const { schema = {} } = route;
    if (schema.isHidden) return;
    const response = { default: Problem, ...(schema.response as object) };
    route.schema = { ...schema, response };
  });
  return () => routes.map(described);
}

function described({ method, url, schema = {} }: RouteOptions): DescribedRoute {
  const name = `${String(method)} ${url}`;
  const { operationId, summary, tags, security, isHidden } = schema;
  if (!isHidden && !(operationId && summary && tags?.length === 1 && security)) {
    throw new Error(`${name} does not say what it is`);
  }
  const example = (part: unknown) =>
    part === undefined ? null : (exampleOf(part, name) as Fields);
  return {
    method: String(method),
    url,
    schema,
    examples: {
      body: example(schema.body),
      params: example(schema.params),
      query: example(schema.querystring),
    },
  };
}
