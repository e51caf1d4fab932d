import { anId } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, problemAt, type Rig, rig, signedUp } from '../../test/harness.ts';
import { jsonBody } from './json.ts';
import type { DescribedRoute } from './routes.ts';

/** What is refused changes nothing, so that one server is enough for nearly all of it. */
const shared = await rig();
await enrolled(shared);
let server: Rig;
let before: number;
beforeEach(() => {
  server = shared;
  before = server.commits();
});

const LOCAL = '/v1/auth/provider/local';
const SECRET = 'planted-secret';

const withBody = shared.routes().filter(({ schema }) => schema.body !== undefined);

const jsonRoutes = withBody.filter(({ schema }) => schema.consumes === jsonBody.mediaType);

/** The calls of the JSON dialect that take a body. */
const calls = jsonRoutes.map((route) => [`${route.method} ${route.url}`, route] as const);
const fieldsOf = ({ schema }: DescribedRoute) => Object.entries((schema.body as Schema).properties);
const isRequired = ({ schema }: DescribedRoute, field: string) =>
  (schema.body as Schema).required?.includes(field) === true;
const fields = calls.flatMap(([name, route]) =>
  fieldsOf(route).map(([field, type]) => [name, field, route, type] as const),
);
const required = fields.filter(([_name, field, route]) => isRequired(route, field));
const optional = fields.filter(([_name, field, route]) => !isRequired(route, field));

type FieldSchema = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
};
type Schema = {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
};

/** How a field is refused that is of another kind. */
function kindOf(schema: FieldSchema): string {
  const { type, enum: values, format, minimum, maximum } = schema;
  if (values) return `must be one of ${values.join(', ')}`;
  if (type === 'boolean') return 'must be true or false';
  if (type === 'array') return 'must be a list';
  if (type === 'object') return 'must be an object';
  if (type === 'integer') return `must be a whole number from ${minimum} to ${maximum}`;
  if (format === 'uuid') return 'must be a UUID';
  return format === 'date-time' ? 'must be a time as in RFC 3339' : 'must be a string';
}

/** Values of other kinds than that of a field. */
function wrongFor(type: FieldSchema): unknown[] {
  const isExact = type.enum || ['uuid', 'date-time'].includes(type.format ?? '');
  const kind = isExact ? 'exact' : type.type;
  const all: Record<string, unknown[]> = {
    string: [SECRET, 'true', '1', ''],
    boolean: [true, false],
    integer: [0, 12345678],
    number: [0.5],
    array: [[], [SECRET]],
    object: [{}, { a: SECRET }],
  };
  return Object.entries(all).flatMap(([name, values]) => (name === kind ? [] : values));
}

const raw = (
  { method, url, schema, examples }: Called,
  payload: string | Buffer,
  type = 'application/json',
) =>
  server.app.inject({
    method: method as 'POST',
    url: url.replaceAll(/:(\w+)/g, (_, name) => String(examples?.params?.[name])),
    payload,
    headers: { authorization: keyFor(schema), 'content-type': type },
  });
type Called = Pick<DescribedRoute, 'method' | 'url'> &
  Partial<Pick<DescribedRoute, 'schema' | 'examples'>>;

const send = (route: Called, body: unknown) => raw(route, JSON.stringify(body));

/** The credentials that a route takes. */
const keyFor = (schema?: DescribedRoute['schema']) =>
  schema?.security?.includes('serviceKey') === false ? server.rootKey : server.serviceKey;

const login = { method: 'POST', url: `${LOCAL}/login` };
const revoke = { method: 'POST', url: `${LOCAL}/update-password/revoke` };
const update = { method: 'POST', url: `${LOCAL}/update-password` };

type Response = Awaited<ReturnType<typeof raw>>;

type Refused = { field: string; message: string; code: string };

function expectRefused(response: Response, errors: Refused[]): void {
  expect(response.statusCode).toBe(400);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(response.json()).toMatchObject({ code: 'invalid_argument', status: 400, errors });
  expect(response.json().errors).toStrictEqual(errors);
  expect(response.body).not.toContain(SECRET);
  expect(server.commits()).toBe(before);
}

describe('a field of a JSON body', () => {
  it.each(required)('%s: %s must be there', async (_name, field, route) => {
    const { [field]: _gone, ...rest } = route.examples.body ?? {};
    expectRefused(await send(route, rest), [{ field, message: 'is required', code: 'required' }]);
  });

  it.each(fields)('%s: %s must have its type', async (_name, field, route, type) => {
    const wrong = wrongFor(type);
    for (const value of isRequired(route, field) ? [null, ...wrong] : wrong) {
      const response = await send(route, { ...route.examples.body, [field]: value });
      expectRefused(response, [{ field, message: kindOf(type), code: 'malformed' }]);
    }
  });

  it.each(optional)('%s: %s may be null, which counts as not sent', async (_name, field, route) => {
    const body = { ...route.examples.body, [field]: null, extra: SECRET };
    expectRefused(await send(route, body), [
      { field: 'extra', message: 'is not a known field', code: 'unknown' },
    ]);
  });

  it.each(fields)('%s: %s must not come twice', async (_name, field, route) => {
    const body = { ...route.examples.body, [field]: route.examples.body?.[field] ?? 'x' };
    const value = JSON.stringify(body[field]);
    const escaped = `\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}`;
    for (const again of [field, escaped]) {
      const text = JSON.stringify(body).replace(/\}$/, ` , "${again}" :${value}}`);
      expectRefused(await raw(route, text), [
        { field, message: 'is given more than once', code: 'repeated' },
      ]);
    }
  });

  it.each(calls)('%s: must be known', async (_name, route) => {
    const response = await send(route, { ...route.examples.body, extra: SECRET });
    expectRefused(response, [{ field: 'extra', message: 'is not a known field', code: 'unknown' }]);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'must not be %s',
    async (field) => {
      const text = `{"${field}":{"admin":true},"token":"x"}`;
      const response = await raw(revoke, text);
      expectRefused(response, [{ field, message: 'is not a known field', code: 'unknown' }]);
    },
  );

  it('is not repeated where it may be a value in the wrong place', async () => {
    const response = await send(revoke, { token: 'x', [`${SECRET} in the name`]: 1 });
    expectRefused(response, [
      { field: '(unnamed)', message: 'is not a known field', code: 'unknown' },
    ]);
  });

  it('is named together with all others that are bad', async () => {
    const response = await server.json('POST', '/v1/user', { is_enabled: 'yes', naem: 1, name: 2 });
    expectRefused(response, [
      { field: 'is_enabled', message: 'must be true or false', code: 'malformed' },
      { field: 'name', message: 'must be a string', code: 'malformed' },
      { field: 'email', message: 'is required', code: 'required' },
      { field: 'naem', message: 'is not a known field', code: 'unknown' },
    ]);
  });

  it('is named in snake case where the domain refuses it', async () => {
    const response = await server.json('POST', '/v1/user', {
      is_enabled: true,
      name: '',
      email: `${SECRET}@@`,
      locale: '-',
      timezone: SECRET,
    });
    expect(response.json().errors.map((error: { field: string }) => error.field)).toStrictEqual([
      'name',
      'email',
      'locale',
      'timezone',
    ]);
    expect(response.body).not.toContain(SECRET);
    expect(server.commits()).toBe(before);
  });
});

describe('every refused argument is named in one answer', () => {
  const codesIn = (response: Response) =>
    response.json().errors.map(({ field, code }: Refused) => [field, code]);

  it('where some have another type and others break a rule', async () => {
    const response = await server.json('POST', '/v1/user', {
      is_enabled: 'yes',
      name: '',
      email: `${SECRET}@@`,
      locale: 1,
      timezone: SECRET,
      password: '1234567',
      extra: SECRET,
    });
    expect(codesIn(response)).toStrictEqual([
      ['is_enabled', 'malformed'],
      ['name', 'malformed'],
      ['email', 'unusable'],
      ['locale', 'malformed'],
      ['timezone', 'malformed'],
      ['password', 'too_short'],
      ['extra', 'unknown'],
    ]);
    expect(response.body).not.toContain(SECRET);
    expect(server.commits()).toBe(before);
  });

  it('where one is missing and the new password is the current one', async () => {
    const body = { password: PASSWORD, new_password: PASSWORD };
    const response = await server.json('POST', `${LOCAL}/update-password`, body);
    expect(codesIn(response)).toStrictEqual([
      ['email', 'required'],
      ['new_password', 'same_as_current'],
    ]);
  });

  it('where one comes twice and others break a rule', async () => {
    const text = '{"email":"a@b.example","email":"@","password":"x","new_password":"short"}';
    const response = await raw(update, text);
    expect(codesIn(response)).toStrictEqual([
      ['email', 'repeated'],
      ['new_password', 'too_short'],
    ]);
  });

  it('where a password that comes twice may be the current one in one of two readings', async () => {
    const text = `{"email":"a@b.example","password":"x","password":"${PASSWORD}","new_password":"${PASSWORD}"}`;
    const response = await raw(update, text);
    expect(codesIn(response)).toStrictEqual([['password', 'repeated']]);
  });

  it('where the policy asks for a longer password', async () => {
    server = await rig({
      options: { passwordPolicy: 'nist' },
      settings: { passwordPolicy: 'nist' },
    });
    const body = { email: 'a@b.example', new_password: '14 characters!' };
    const response = await server.json('POST', `${LOCAL}/update-password`, body);
    expect(codesIn(response)).toStrictEqual([
      ['password', 'required'],
      ['new_password', 'too_short'],
    ]);
  });

  const bad = ['', ' ', '@', 'x', '\u0000', '\ud800', 'é'.repeat(300), '00-00'];

  it.each(withBody.map((route) => [route.url, route] as const))(
    'and alike, whichever of two judges refuses it: %s',
    async (_url, route) => {
      server = await rig({
        settings: { throttle: { accountFree: 1e6, clientPerMinute: 1e6, changesPerHour: 1e6 } },
      });
      for (const field of Object.keys(route.examples.body ?? {})) {
        for (const value of bad) {
          const body = { ...route.examples.body, [field]: value };
          const [byUseCase, byShape] = [
            await refusalsOf(route, body),
            await refusalsOf(route, { ...body, extra: 'x' }),
          ];
          // There is no such thing, or not for this caller, before its fields are looked at.
          if (byUseCase === null || byShape === null) continue;
          const of = (refusals: Refused[]) => refusals.filter((each) => each.field === field);
          expect([field, value, of(byShape)]).toStrictEqual([field, value, of(byUseCase)]);
        }
      }
    },
  );

  async function refusalsOf(route: DescribedRoute, body: object): Promise<Refused[] | null> {
    const { method, schema, examples } = route;
    const isJson = schema.consumes === jsonBody.mediaType;
    const fields = Object.entries(body).map(([name, value]): [string, string] => [name, value]);
    const response = await server.app.inject({
      method: method as 'POST',
      url: route.url.replaceAll(/:(\w+)/g, (_, name) => String(examples.params?.[name])),
      payload: isJson ? JSON.stringify(body) : new URLSearchParams(fields).toString(),
      headers: {
        authorization: isJson ? strongestFor(schema) : `Bearer ${await bearer()}`,
        'content-type': schema.consumes ?? '',
      },
    });
    if ([403, 404].includes(response.statusCode)) return null;
    return schema.isHidden || response.statusCode < 300 ? [] : (response.json().errors ?? []);
  }

  const strongestFor = ({ security }: DescribedRoute['schema']) =>
    security?.includes('rootKey') ? server.rootKey : server.serviceKey;

  let token: string | undefined;
  let tokenOf: Rig | undefined;
  async function bearer(): Promise<string> {
    if (tokenOf !== server) {
      ({ token } = await signedUp(server));
      tokenOf = server;
    }
    return token ?? '';
  }
});

describe('more than fifty fields', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);
  const tooManyAt = (field: string) => ({
    field,
    message: 'is one of more than 50 fields',
    code: 'unknown',
  });

  it('are too many for a JSON body, which is not looked at', async () => {
    const bodyOf = (count: number) => Object.fromEntries(names(count).map((name) => [name, 1]));
    const most = await server.json('POST', `${LOCAL}/login`, bodyOf(50));
    expect(most.json().errors).toHaveLength(52);
    const more = await server.json('POST', `${LOCAL}/login`, bodyOf(51));
    const { code, detail } = more.json();
    expect([code, detail]).toStrictEqual(['bad_request', 'the body has more than 50 fields']);
  });

  it('are too many for a form and a query, of which the others are not looked at', async () => {
    const textOf = (count: number) =>
      names(count)
        .map((name) => `${name}=1`)
        .join('&');
    const form = (count: number) => server.form('POST', '/users/login', textOf(count));
    const query = (count: number) => server.json('GET', `/v1/audit?${textOf(count)}`);
    for (const send of [form, query]) {
      const [most, more, endless] = [await send(50), await send(51), await send(1500)];
      expect(most.json().errors).not.toContainEqual(tooManyAt('f49'));
      expect(more.json().errors).toContainEqual(tooManyAt('f50'));
      expect(endless.json().errors).toStrictEqual(more.json().errors);
    }
  });

  it('are told under the name of the filter that has too many values', async () => {
    const filters = [
      ['/v1/user', 'id'],
      ['/v1/user', 'email'],
      ['/v1/key', 'user_id'],
      ['/v1/session', 'user_id'],
      ['/v1/service', 'id'],
      ['/v1/audit', 'type'],
    ] as const;
    for (const [path, field] of filters) {
      const value = field === 'email' ? 'ada%40example.com' : anId();
      const query = (count: number) => Array.from({ length: count }, () => `${field}=${value}`);
      const most = await server.json('GET', `${path}?${query(50).join('&')}`);
      expect([path, most.statusCode]).toEqual([path, 200]);
      const more = await server.json('GET', `${path}?${query(51).join('&')}`);
      expect([path, more.json().errors]).toStrictEqual([path, [tooManyAt(field)]]);
    }
    const unnamed = await server.json('GET', `/v1/user?${'id=1&'.repeat(50)}secret`);
    expect(unnamed.json().errors).toContainEqual(tooManyAt('(unnamed)'));
  });
});

describe('a JSON body', () => {
  const { url } = login;
  const credentials = { email: 'ada@example.com', password: PASSWORD };
  const good = JSON.stringify(credentials);
  const everything = [
    { field: 'email', message: 'is required', code: 'required' },
    { field: 'password', message: 'is required', code: 'required' },
  ];

  it.each([
    ['is cut off', good.slice(0, -1)],
    ['has something behind it', `${good}x`],
    ['has a comma too many', good.replace('}', ',}')],
    ['has comments', `/* */${good}`],
    ['has single quotes', good.replaceAll('"', "'")],
    ['starts with a byte order mark', `\uFEFF${good}`],
    ['is a form', 'email=ada%40example.com&password=x'],
    ['is a single blank', ' '],
  ])('that %s is refused', async (_what, text) => {
    const response = await raw(login, text);
    expect([response.statusCode, response.json()]).toStrictEqual([
      400,
      problemAt(url, 'bad_request', 'the body is not valid JSON'),
    ]);
  });

  it.each([
    ['an overlong sequence', [0xc0, 0xaf]],
    ['half a character', [0xe2, 0x82]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe9]],
  ])('that holds %s is refused', async (_what, bytes) => {
    const [head = '', tail = ''] = JSON.stringify({ email: 'x', password: '|' }).split('|');
    const response = await raw(
      login,
      Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]),
    );
    expect([response.statusCode, response.json().detail]).toStrictEqual([
      400,
      'the body is not valid UTF-8',
    ]);
  });

  it.each(['[]', 'null', '"text"', '1', 'true', `[${good}]`])('must not be %s', async (text) => {
    const response = await raw(login, text);
    expectRefused(
      response,
      text === 'null'
        ? everything
        : [{ field: 'body', message: 'must be an object', code: 'malformed' }],
    );
  });

  it.each([
    ['is empty', ''],
    ['is an empty object', '{}'],
  ])('that %s lacks every field', async (_what, text) => {
    expectRefused(await raw(login, text), everything);
  });

  it('may be deep without harm', async () => {
    const response = await raw(login, `${'['.repeat(8000)}${']'.repeat(8000)}`);
    expect(response.statusCode).toBe(400);
  });

  it('may have 16 KiB and no byte more', async () => {
    const fill = (size: number) => good + ' '.repeat(size - good.length);
    expect((await raw(login, fill(16 * 1024))).statusCode).toBe(200);
    const response = await raw(login, fill(16 * 1024 + 1));
    expect([response.statusCode, response.json()]).toStrictEqual([
      413,
      problemAt(url, 'payload_too_large', 'the body is larger than 16 KiB'),
    ]);
  });

  it('may have 64 KiB where a service writes to the audit, and no byte more', async () => {
    const audit = { method: 'POST', url: '/v1/audit' };
    const entry = JSON.stringify({ type: 'shop:Order' });
    const fill = (size: number) => entry + ' '.repeat(size - entry.length);
    expect((await raw(audit, fill(64 * 1024))).statusCode).toBe(200);
    const response = await raw(audit, fill(64 * 1024 + 1));
    expect([response.statusCode, response.json()]).toStrictEqual([
      413,
      problemAt('/v1', 'payload_too_large', 'the body is larger than 64 KiB'),
    ]);
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json ; charset="utf-8"',
  ])('may be declared as %s', async (type) => {
    expect((await raw(login, good, type)).statusCode).toBe(200);
  });

  it.each([
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/jsonp',
    'application/problem+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/json',
    'json',
    '*/*',
    '',
  ])('must not be declared as "%s"', async (type) => {
    const response = await raw(login, good, type);
    expect([response.statusCode, response.json()]).toStrictEqual([
      415,
      problemAt(
        url,
        'unsupported_media_type',
        'the body must be application/json in UTF-8, not compressed',
      ),
    ]);
  });

  it('must be declared, even if it is empty', async () => {
    const headers = { authorization: server.serviceKey };
    const response = await server.app.inject({ method: 'POST', url, headers });
    expect(response.statusCode).toBe(415);
  });

  it('must not be compressed', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await server.json('POST', url, credentials, { headers })).statusCode).toBe(415);
  });
});

describe('of several faults', () => {
  // Wrong keys are counted.
  beforeEach(async () => {
    server = await rig();
    await enrolled(server);
  });

  const call = (method: string, url: string, key: string, type: string, payload: string) =>
    server.app.inject({
      method: method as 'POST',
      url,
      headers: { authorization: key, 'content-type': type },
      payload,
    });
  /** Larger than any route takes. */
  const big = 'x'.repeat(70_000);

  it.each(calls)(
    'the route is told first, then the key, the type, the size and the shape: %s',
    async (_name, { method, url, schema, examples }) => {
      const path = url.replaceAll(/:(\w+)/g, (_, name) => String(examples.params?.[name]));
      const key = keyFor(schema);
      const statuses = [
        await call(method, '/v1/nothing', 'wrong', 'text/plain', big),
        await call('PUT', path, 'wrong', 'text/plain', big),
        await call(method, path, 'wrong', 'text/plain', big),
        await call(method, path, 'wrong', 'application/json', '{'),
        await call(method, path, key, 'text/plain', big),
        await call(method, path, key, 'application/json; charset=utf-16', big),
        await call(method, path, key, 'application/json', big),
        await call(method, path, key, 'application/json', '{"extra":1}'),
      ].map(({ statusCode }) => statusCode);
      expect(statuses).toStrictEqual([404, 405, 401, 401, 415, 415, 413, 400]);
    },
  );
});

describe('a field of a query', () => {
  const withQuery = shared
    .routes()
    .filter(({ schema }) => schema.querystring !== undefined && !schema.isHidden);
  const query = withQuery.flatMap((route) =>
    Object.entries((route.schema.querystring as Schema).properties).map(
      ([field, type]) => [`${route.method} ${route.url}`, field, route, type] as const,
    ),
  );
  const isStrict = ({ schema }: DescribedRoute) =>
    'additionalProperties' in (schema.querystring as object);
  const ask = async (route: DescribedRoute, text: string): Promise<Response> => {
    const { method, url, schema, examples } = route;
    const path = url.replaceAll(/:(\w+)/g, (_, name) => String(examples.params?.[name]));
    const isBearer = schema.security?.includes('accessToken');
    const authorization = isBearer ? `Bearer ${(await signedUp(server)).token}` : keyFor(schema);
    return server.app.inject({
      method: method as 'GET',
      url: `${path}?${text}`,
      headers: { authorization },
      // Strict queries are those of the JSON dialect.
      ...(isStrict(route) && examples.body && { payload: examples.body }),
    });
  };
  const exampleIn = ({ examples }: DescribedRoute, field: string) => {
    const value = [examples.query?.[field]].flat()[0];
    return `${field}=${encodeURIComponent(String(value))}`;
  };

  it.each(query)('%s: %s comes several times if it is a list, and once if not', async (...all) => {
    const [_name, field, route, type] = all;
    const text = `${exampleIn(route, field)}&${exampleIn(route, field)}&extra=${SECRET}`;
    const refused = (await ask(route, text)).json().errors as Refused[];
    const codes = refused.filter((each) => each.field === field).map(({ code }) => code);
    expect(codes).toStrictEqual(type.type === 'array' ? [] : ['repeated']);
  });

  it.each(
    withQuery.filter(isStrict).map((route) => [`${route.method} ${route.url}`, route] as const),
  )('%s: must be known', async (_name, route) => {
    const response = await ask(route, `extra=${SECRET}`);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toContainEqual({
      field: 'extra',
      message: 'is not a known field',
      code: 'unknown',
    });
    expect(response.body).not.toContain(SECRET);
  });
});
