import type { FastifySchema } from 'fastify';
import { exampleOf } from '../server/examples.ts';
import { formBody } from '../server/form.ts';
import {
  type DialectProblem,
  Problem,
  type ProblemCode,
  problem,
  problemCodes,
  type Statuses,
} from '../server/problem.ts';
import { type DescribedRoute, isRequired, tags } from '../server/routes.ts';
import { whenOf } from './errors.ts';

type Json = Readonly<Record<string, unknown>>;

const AUTHORIZATION = { type: 'apiKey', in: 'header', name: 'Authorization' };

const securitySchemes = {
  serviceKey: {
    ...AUTHORIZATION,
    description:
      'The key of a service (`rks_…`): `Authorization: KEY`, `key KEY` or `Bearer KEY`. Made by `rekey create-service-with-key`. With `User-Authorization: KEY`, `key KEY` or `token TOKEN` beside it the service proves a user as well, by a KEY or an access token of the user; one that is not valid is a 401.',
  },
  verifierKey: {
    ...AUTHORIZATION,
    description:
      'A key of the built-in service (`rks_…`), with which a backend checks the tokens of people who log in by forms. It is 401 at every other call. Made by `rekey key create NAME --service 00000000-0000-7000-8000-000000000001`.',
  },
  rootKey: {
    ...AUTHORIZATION,
    description:
      'The key of an operator (`rkr_…`). It reads the data of every service. Made by `rekey create-root-key`.',
  },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT, plain or encrypted',
    description:
      'The token of a login: the encrypted one of `POST /users/login`, or the access token of `/v1`.',
  },
};

/** The codes of every route. */
const ANYWHERE: readonly ProblemCode[] = [
  'bad_request',
  'request_timeout',
  'headers_too_large',
  'internal',
];
const WITH_FIELDS: readonly ProblemCode[] = ['invalid_argument'];
const WITH_BODY: readonly ProblemCode[] = ['payload_too_large', 'unsupported_media_type'];
/** A form can come from any page. */
const FROM_BROWSERS: readonly ProblemCode[] = ['cross_site_request'];
const WITH_CREDENTIALS: readonly ProblemCode[] = ['unauthorized', 'unavailable'];
/** With a key, an answer is looked up, and kept. */
const REPEATABLE: readonly ProblemCode[] = [
  'invalid_argument',
  'idempotency_key_in_use',
  'idempotency_key_reused',
  'unavailable',
];
const WITH_KEY: readonly ProblemCode[] = ['too_many_requests'];

const text = (description: string) => ({ description, schema: { type: 'string' } });
const RETRY_AFTER = {
  description: 'Seconds after which a new try makes sense.',
  schema: { type: 'integer', minimum: 0 },
};
const REQUEST_ID = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Names the request. For 24 hours, a request that comes again with its key is answered as before, with `Idempotency-Replayed: true`, and is not done again.',
  schema: {
    type: 'string',
    pattern: '^[!-~]{1,255}$',
    examples: ['7c1d9a52-4d0b-4f0e-9c39-0d2f6c1f3f57'],
  },
};
const headersOf: Readonly<Record<number, Json>> = {
  401: {
    'WWW-Authenticate': text(
      'RFC 9110, 11.6.1; with `error="invalid_token"` (RFC 6750) where a token was sent.',
    ),
  },
  429: {
    'Retry-After': RETRY_AFTER,
    RateLimit: text('What is exceeded, and for how many seconds: `"account";r=0;t=3`.'),
    'RateLimit-Policy': text('The limit and its window in seconds: `"account";q=5;w=86400`.'),
  },
  503: { 'Retry-After': RETRY_AFTER },
};

/** A body is read with all other methods, and refused where the route has none. */
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD'];

/** Every code that a route may answer with. */
export function codesOf(
  method: string,
  { body, querystring, security, errors, consumes, isRepeatable }: FastifySchema,
): Set<ProblemCode> {
  return new Set([
    ...ANYWHERE,
    ...(consumes === formBody.mediaType ? FROM_BROWSERS : []),
    ...(body || querystring ? WITH_FIELDS : []),
    ...(WITHOUT_BODY.includes(method) ? [] : WITH_BODY),
    ...(isRepeatable ? REPEATABLE : []),
    ...(security?.length ? WITH_CREDENTIALS : []),
    ...(security?.some((scheme) => scheme !== 'accessToken') ? WITH_KEY : []),
    ...(errors ?? []),
  ]);
}

/** Describes routes for programs: OpenAPI 3.1.1. */
export function openApi(routes: readonly DescribedRoute[], version: string): Json {
  const schemas: Record<string, Json> = {};
  const responses: Record<string, Json> = {};
  const paths: Record<string, Json> = {};
  for (const { method, url, schema, examples } of routes) {
    if (schema.isHidden) continue;
    const path = url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: operationOf({ method, url, schema, examples }),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Rekey',
      version,
      summary: 'Passwords and keys.',
      description:
        'The JSON dialect under `/v1` is for backends, the form dialect under `/users` for everybody else.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that answered.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes,
      headers: {
        RequestId: text(
          'The id that the request has in the log: the one that it came with, if that is a UUID, a ULID or 32 hexadecimal digits.',
        ),
      },
      schemas: sorted(schemas),
      responses: sorted(responses),
    },
  };

  function operationOf(route: DescribedRoute): Json {
    const { schema, examples } = route;
    const { body, consumes, security = [], description } = schema;
    const parameters = [
      ...parametersIn('path', schema.params),
      ...parametersIn('query', schema.querystring),
      ...(schema.isRepeatable ? [IDEMPOTENCY_KEY] : []),
    ];
    return {
      operationId: schema.operationId,
      tags: schema.tags,
      summary: schema.summary,
      ...(description && { description }),
      security: security.map((scheme) => ({ [scheme]: [] })),
      ...(parameters.length > 0 && { parameters }),
      ...(consumes && {
        requestBody: {
          required: isRequired(body),
          content: { [consumes]: { schema: schemaOf(body as Json), example: examples.body } },
        },
      }),
      responses: { ...successOf(route), ...problemsOf(route) },
    };
  }

  function successOf(route: DescribedRoute): Json {
    const { 200: ok } = route.schema.response as { readonly 200?: Json };
    return ok === undefined
      ? { 204: { description: 'Done; there is nothing to say.', headers: REQUEST_ID } }
      : { 200: answerOf(route, ok) };
  }

  function answerOf({ method, url }: DescribedRoute, ok: Json): Json {
    const content = (ok.content ?? { 'application/json': { schema: ok } }) as Record<
      string,
      { schema: Json }
    >;
    return {
      description: 'Done.',
      headers: REQUEST_ID,
      content: Object.fromEntries(
        Object.entries(content).map(([type, { schema }]) => [
          type,
          {
            schema: schemaOf(schema),
            example: exampleOf(schema, `the answer of ${method} ${url}`),
          },
        ]),
      ),
    };
  }

  /** A response for each status; operations with equal codes share it. */
  function problemsOf({ method, schema }: DescribedRoute): Json {
    const { statusOf, response } = schema;
    const { default: problems } = response as { default: DialectProblem & { $id: string } };
    const { $id: id } = problems;
    const codes = codesOf(method, schema);
    const statuses = Map.groupBy(
      problemCodes.filter((code) => codes.has(code)),
      (code) => problem(code, '', statusOf).status,
    );
    return Object.fromEntries(
      [...statuses].map(([status, each]) => {
        const name = `${id.replace('Problem', '')}${each.map(pascalCase).join('Or')}`;
        responses[name] = {
          description: each.map((code) => `\`${code}\`: ${whenOf[code]}.`).join('\n\n'),
          headers: { ...headersOf[status], ...REQUEST_ID },
          content: {
            'application/problem+json': {
              schema: schemaOf(problems as unknown as Json),
              examples: Object.fromEntries(
                each.map((code) => [code, { value: exampleProblem(code, statusOf, problems) }]),
              ),
            },
          },
        };
        return [status, { $ref: `#/components/responses/${name}` }];
      }),
    );
  }

  /** The schema, or a reference to it where it has a name. */
  function schemaOf(schema: Json): Json {
    const {
      $id: name,
      parse: _parse,
      check: _check,
      members: _members,
      properties,
      items,
      ...rest
    } = schema;
    const plain = {
      ...('enum' in rest && { type: 'string' }),
      ...rest,
      ...(typeof items === 'object' && { items: schemaOf(items as Json) }),
      ...(typeof properties === 'object' && { properties: mapped(properties as Json, schemaOf) }),
    };
    if (typeof name !== 'string') return plain;
    schemas[name] = plain;
    return { $ref: `#/components/schemas/${name}` };
  }

  function parametersIn(place: 'path' | 'query', schema: unknown): Json[] {
    const { required = [], properties = {} } = (schema ?? {}) as {
      required?: string[];
      properties?: Record<string, Json>;
    };
    return Object.entries(properties).map(([name, property]) => {
      const { description, ...rest } = schemaOf(property);
      return { name, in: place, required: required.includes(name), description, schema: rest };
    });
  }
}

function exampleProblem(
  code: ProblemCode,
  statusOf: Statuses | undefined,
  { members }: DialectProblem,
): Json {
  const isOfArguments = code === 'invalid_argument';
  const errors = exampleOf(Problem.properties.errors, 'the errors of a problem');
  const example = {
    ...problem(code, whenOf[code], statusOf),
    ...(isOfArguments && { errors: errors as Problem['errors'] }),
  } as Problem;
  return { ...example, ...members?.(example) };
}

const mapped = (record: Json, map: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value as Json)]));

const pascalCase = (code: string) =>
  code.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

const sorted = (record: Json): Json =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
