import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RouteOptions,
} from 'fastify';
import { authenticate, type Scheme } from './actor.ts';
import { consumes, decodeUtf8 } from './body.ts';
import type { HttpDeps } from './deps.ts';
import { exampleOf } from './examples.ts';
import { Problem, type ProblemCode, type Statuses } from './problem.ts';

/** The groups of the description, in its order. */
export const tags = {
  users: 'Users, in the JSON dialect: a service acts for its users.',
  keys: 'Keys of users.',
  sessions: 'Log in with a password, and what a service does with the tokens of a login.',
  passwords: 'Change a password, and take the change back.',
  factors: 'Second factors.',
  audit: 'What happened.',
  forms: 'The form dialect: people act for themselves, at the built-in service.',
  operation: 'What operators and verifiers ask.',
} as const;
type Tag = keyof typeof tags;

declare module 'fastify' {
  /** What a route says of itself: everything that describes it, and its tests, is made of this. */
  interface FastifySchema {
    /** The name of the call, and of the client's method for it. */
    readonly operationId?: string;
    readonly tags?: readonly Tag[];
    readonly summary?: string;
    readonly description?: string;
    /** The ways to prove who calls, each of which is enough; it is enforced. */
    readonly security?: readonly Scheme[];
    /** What may go wrong here beyond what may with any such request. */
    readonly errors?: readonly ProblemCode[];
    readonly statusOf?: Statuses;
    /** The media type of the body; its dialect says it. */
    readonly consumes?: string;
    /** Whether it is for people or their browsers: the description leaves it out. */
    readonly isHidden?: true;
  }
}

type Dialect = {
  /** The one kind of body that is read. */
  readonly mediaType: string;
  readonly parse: (text: string) => unknown;
  readonly sendError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
};

/** Makes the routes of a scope speak a dialect, and enforces what they say of themselves. */
export function speak(app: FastifyInstance, deps: HttpDeps, dialect: Dialect): void {
  const { mediaType, parse, sendError } = dialect;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    mediaType,
    { parseAs: 'buffer' },
    async (_request: unknown, bytes: Buffer) => parse(decodeUtf8(bytes)),
  );
  app.setErrorHandler(sendError);
  app.addHook('onRoute', (route) => {
    const { schema = {} } = route;
    const { security = [], body } = schema;
    if (body !== undefined) route.schema = { ...schema, consumes: mediaType };
    route.onRequest = [
      ...(security.length > 0 ? [authenticate(deps, security)] : []),
      ...[route.onRequest ?? []].flat(),
      ...(body === undefined ? [] : [consumes(mediaType)]),
    ];
  });
}

/** A route as it says it is, with examples of what it takes. */
export type DescribedRoute = {
  readonly method: string;
  readonly url: string;
  readonly schema: FastifySchema;
  /** Null where there is nothing to send. */
  readonly examples: { readonly body: Fields; readonly params: Fields; readonly query: Fields };
};
type Fields = Readonly<Record<string, unknown>> | null;

/** Collects the routes of a server. Answers them once it is ready, and throws for one that says too little of itself. */
export function collectRoutes(app: FastifyInstance): () => readonly DescribedRoute[] {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (route.method === 'HEAD') return;
    routes.push(route);
    const { schema = {} } = route;
    if (schema.isHidden) return;
    const response = { ...(schema.response as object), default: Problem };
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
