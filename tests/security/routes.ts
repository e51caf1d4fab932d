import { createHttpServer, type DescribedRoute } from '../../packages/adapters-http/src/index.ts';
import { settings, world } from '../../packages/usecases/testing/index.ts';

/** The routes as a server describes them, for attacks that walk them: a route is attacked the day it is written. */

type Fields = Readonly<Record<string, unknown>>;

/** A request that a route describes, and can be sent as it is or with something else in a place of it. */
export type Example = {
  /** As `POST /v1/user`. */
  readonly name: string;
  readonly method: string;
  /** As declared: `/v1/user/:id`. */
  readonly route: string;
  readonly params: Fields;
  readonly query: Fields;
  /** Null for a route that reads none. */
  readonly body: Fields | null;
  /** The fields of the body that have to be there. */
  readonly required: readonly string[];
  /** The media type of the body. */
  readonly type: string;
  /** The ways to prove who calls; none where anybody may. */
  readonly security: readonly string[];
  /** The codes that it names as its own. */
  readonly errors: readonly string[];
};

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Every route of a server, with an example of what it takes. Throws for one that gives none. */
export function examplesOf(routes: readonly DescribedRoute[]): Example[] {
  return routes.map(({ method, url, schema, examples }) => ({
    name: `${method} ${url}`,
    method,
    route: url,
    params: examples.params ?? {},
    query: examples.query ?? {},
    body: examples.body,
    required: (schema.body as { required?: string[] } | undefined)?.required ?? [],
    type: schema.consumes ?? '',
    security: schema.security ?? [],
    errors: schema.errors ?? [],
  }));
}

/** A server on memory: what routes there are does not depend on what is behind them. */
export function aServer() {
  return createHttpServer({
    useCases: world().useCases,
    jwks: () => ({ keys: [] }),
    isReady: async () => true,
    log: { info: () => undefined, error: () => undefined },
    version: '0.0.0',
    options: {
      publicUrl: settings.publicUrl,
      trustProxy: [],
      corsAllowOrigin: [],
      apiDocs: true,
      passwordPolicy: settings.passwordPolicy,
      brandName: settings.brandName,
      brandColor: '#2457a6',
      brandLogo: null,
      supportUrl: null,
    },
  });
}

const server = aServer();
await server.app.ready();

/** Every request that there is. */
export const examples = examplesOf(server.routes());
/** Those that read a body. */
export const bodies = examples.filter(
  (example): example is Example & { body: Fields } => example.body !== null,
);
/** Those that have to be proven by a key. */
export const guarded = examples.filter(({ security }) => security.length > 0);

/** For `test.each`: the name of each, and the request. */
export const named = <T extends Example>(some: readonly T[]) =>
  some.map((example): [string, T] => [example.name, example]);

/** The path of an example, with its parameters in it, and its query unless that is left out. */
export function urlOf({ route, params }: Example, query: Fields = {}): string {
  const path = route.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(String(params[name])));
  const text = encoded(query);
  return text === '' ? path : `${path}?${text}`;
}

/** A body as the route reads it: a value of a form becomes a text. */
export function payloadOf({ type }: Pick<Example, 'type'>, fields: Fields): string {
  return type === JSON_TYPE ? JSON.stringify(fields) : encoded(fields);
}

const encoded = (fields: Fields): string =>
  new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  ).toString();

type Credentials = { readonly key: string; readonly bearer: string };

/** The headers with which a route reads a request. */
export function headersOf(
  { security, type, body }: Example,
  { key, bearer }: Credentials,
): Record<string, string> {
  return {
    ...(security.length > 0 && {
      authorization: security.includes('accessToken') ? `Bearer ${bearer}` : key,
    }),
    ...(body !== null && { 'content-type': type }),
  };
}
