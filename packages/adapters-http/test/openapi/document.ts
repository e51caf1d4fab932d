import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { whenOf } from '../../src/docs/errors.ts';
import * as form from '../../src/form/index.ts';
import { FORM } from '../../src/form/urlencoded.ts';
import { Problem, type ProblemCode, problem, problemCodes } from '../../src/problem.ts';
import * as v1 from '../../src/v1/schemas.ts';
import {
  members,
  type Operation,
  operations,
  securitySchemes,
  statusOf,
  tags,
} from './operations.ts';

type Json = Record<string, unknown>;

const problemSchema = Problem as unknown as Json;

/** Schemas with a name in the document; a schema that is part of another is referred to by it. */
const named = new Map<unknown, string>([
  [v1.UserOut, 'User'],
  [v1.KeyOut, 'Key'],
  [v1.AuditEntryOut, 'AuditEntry'],
  [v1.Meta, 'PasswordMeta'],
  [v1.Token, 'Token'],
  [v1.NewUser, 'NewUser'],
  [v1.NewKey, 'NewKey'],
  [v1.Credentials, 'Credentials'],
  [v1.NewPassword, 'NewPassword'],
  [v1.GivenToken, 'GivenToken'],
  [v1.GivenKey, 'GivenKey'],
  [v1.GivenCode, 'GivenCode'],
  [v1.UserCreated, 'UserCreated'],
  [v1.UserRead, 'UserRead'],
  [v1.KeyCreated, 'KeyCreated'],
  [v1.KeyRead, 'KeyRead'],
  [v1.LoggedIn, 'LoggedIn'],
  [v1.PasswordUpdated, 'PasswordUpdated'],
  [v1.TokenVerified, 'TokenVerified'],
  [v1.TokenRefreshed, 'TokenRefreshed'],
  [v1.KeyVerified, 'KeyVerified'],
  [v1.Audited, 'Audited'],
  [v1.Unaudited, 'Unaudited'],
  [v1.AuditRead, 'AuditRead'],
  [v1.AuditListed, 'AuditListed'],
  [form.NewUser, 'SignUp'],
  [form.Credentials, 'FormCredentials'],
  [form.NewPassword, 'FormNewPassword'],
  [form.UserOut, 'FormUser'],
  [form.LoggedIn, 'FormLoggedIn'],
  [problemSchema, 'Problem'],
]);

/** May go wrong with any request. */
const ANYWHERE: readonly ProblemCode[] = [
  'bad_request',
  'request_timeout',
  'headers_too_large',
  'internal',
];
const WITH_BODY: readonly ProblemCode[] = [
  'invalid_argument',
  'payload_too_large',
  'unsupported_media_type',
];
const WITH_KEY: readonly ProblemCode[] = ['unauthorized', 'unavailable'];

const text = (description: string) => ({ description, schema: { type: 'string' } });
const RETRY_AFTER = {
  description: 'Seconds after which a new try makes sense.',
  schema: { type: 'integer', minimum: 0 },
};
const REQUEST_ID = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
const headersOf: Readonly<Record<number, Json>> = {
  401: { 'WWW-Authenticate': text('RFC 9110, 11.6.1.') },
  429: {
    'Retry-After': RETRY_AFTER,
    RateLimit: text('What is exceeded, and for how many seconds: `"account";r=0;t=3`.'),
    'RateLimit-Policy': text('The limit and its window in seconds: `"account";q=5;w=86400`.'),
  },
  503: { 'Retry-After': RETRY_AFTER },
};

/** Describes the routes of a server that is not ready yet: OpenAPI 3.1.1. */
export async function describeRoutes(app: FastifyInstance): Promise<Json> {
  const routes = new Map<string, RouteOptions>();
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.set(`${route.method} ${route.url}`, route);
  });
  await app.ready();

  const schemas: Json = {};
  const responses: Json = {};
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(operations)) {
    const route = routes.get(name);
    if (!route) throw new Error(`${name} is described, and no route`);
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [String(route.method).toLowerCase()]: operationOf(route, operation),
    };
  }

  const forPeople = /^\/(?:local|docs|openapi\.json|\.well-known\/change-password)/;
  const forgotten = [...routes.keys()].filter(
    (name) => !operations[name] && !forPeople.test(name.split(' ')[1] ?? ''),
  );
  if (forgotten.length > 0) throw new Error(`not described: ${forgotten.join(', ')}`);

  return {
    openapi: '3.1.1',
    info: {
      title: 'Rekey',
      version: '1',
      summary: 'Passwords and keys.',
      description:
        'The JSON dialect under `/v1` is for backends, the form dialect under `/users` for everybody else.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that answered.' }],
    tags: Object.entries(tags).map(([tag, description]) => ({ name: tag, description })),
    paths,
    components: {
      securitySchemes,
      headers: {
        RequestId: text(
          'The id that the request has in the log; the one that it came with, if any.',
        ),
      },
      schemas: sorted(schemas),
      responses: sorted(responses),
    },
  };

  function operationOf({ url, schema = {} }: RouteOptions, operation: Operation): Json {
    const { body, querystring, params } = schema as Record<string, Json | undefined>;
    const codes = [
      ...ANYWHERE,
      ...(body ? WITH_BODY : []),
      ...(operation.security.length > 0 ? WITH_KEY : []),
      ...operation.problems,
    ];
    const parameters = [...parametersIn('path', params), ...parametersIn('query', querystring)];
    return {
      operationId: operation.id,
      tags: [operation.tag],
      summary: operation.summary,
      ...(operation.description && { description: operation.description }),
      security: operation.security.map((scheme) => ({ [scheme]: [] })),
      ...(parameters.length > 0 && { parameters }),
      ...(body && {
        requestBody: {
          required: true,
          content: {
            [url.startsWith('/v1') ? 'application/json' : FORM]: {
              schema: schemaOf(body),
              example: operation.request,
            },
          },
        },
      }),
      responses: { 200: answerOf(schema, operation), ...problemsOf(codes, statusOf[operation.id]) },
    };
  }

  function answerOf({ response }: FastifySchema, { answer }: Operation): Json {
    const schema = (response as Record<number, Json> | undefined)?.[200];
    const content = schema
      ? { 'application/json': { schema: schemaOf(schema), example: answer } }
      : { 'text/plain': { schema: { type: 'string' }, example: answer } };
    return { description: 'Done.', headers: REQUEST_ID, content };
  }

  /** For each status a response that all operations with the same codes share. */
  function problemsOf(
    codes: readonly ProblemCode[],
    exceptions: Partial<Record<ProblemCode, number>> = {},
  ): Json {
    const statuses = Map.groupBy(
      problemCodes.filter((code) => codes.includes(code)),
      (code) => exceptions[code] ?? problem(code, '').status,
    );
    return Object.fromEntries(
      [...statuses].map(([status, each]) => {
        const name = each.map(pascalCase).join('Or');
        responses[name] = {
          description: each.map((code) => `\`${code}\`: ${whenOf[code]}.`).join('\n\n'),
          headers: { ...headersOf[status], ...REQUEST_ID },
          content: {
            'application/problem+json': {
              schema: schemaOf(problemSchema),
              examples: Object.fromEntries(each.map((code) => [code, exampleOf(code, status)])),
            },
          },
        };
        return [status, { $ref: `#/components/responses/${name}` }];
      }),
    );
  }

  /** The schema, or a reference to it where it has a name. */
  function schemaOf(schema: Json): Json {
    const name = named.get(schema);
    if (name === undefined) return expanded(schema);
    schemas[name] ??= expanded(schema);
    return { $ref: `#/components/schemas/${name}` };
  }

  function expanded(schema: Json): Json {
    const { properties, items, ...rest } = schema;
    return {
      ...('enum' in rest && { type: 'string' }),
      ...rest,
      ...(schema === problemSchema && {
        description: 'RFC 9457, with the members `code` and `errors`.',
      }),
      ...(typeof items === 'object' && { items: schemaOf(items as Json) }),
      ...(typeof properties === 'object' && {
        properties: Object.fromEntries(
          Object.entries(properties as Record<string, Json>).map(([name, property]) => [
            name,
            memberOf(schema, name, property),
          ]),
        ),
      }),
    };
  }

  function memberOf(owner: Json, name: string, property: Json): Json {
    const member = schemaOf(property);
    if ('$ref' in member) return member;
    const isCode = owner === problemSchema && name === 'code';
    return { ...member, ...members[name], ...(isCode && { enum: problemCodes }) };
  }

  function parametersIn(place: 'path' | 'query', schema: Json | undefined): Json[] {
    const { required = [], properties = {} } = (schema ?? {}) as {
      required?: string[];
      properties?: Record<string, Json>;
    };
    return Object.entries(properties).map(([name, property]) => {
      const { description, ...rest } = memberOf(properties, name, property);
      return {
        name,
        in: place,
        required: required.includes(name),
        ...(description !== undefined && { description }),
        schema: rest,
      };
    });
  }
}

function exampleOf(code: ProblemCode, status: number): Json {
  const example = { ...problem(code, whenOf[code]), status };
  return { value: code === 'invalid_argument' ? { ...example, errors: [EXAMPLE_ERROR] } : example };
}

const EXAMPLE_ERROR = { field: 'email', message: 'is required' };

const pascalCase = (code: string) =>
  code.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

const sorted = (record: Json): Json =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
