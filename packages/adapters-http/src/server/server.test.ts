import { Overloaded, TooManyRequests, Unavailable } from '@rekey/domain';
import { type Database, useCases } from '@rekey/usecases';
import { describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, problemAt, rig, signedUp } from '../../test/harness.ts';
import type { Answered, Watch } from './deps.ts';

const USER = '/v1/user/01900000-0000-7000-8000-0000000000ff';
const CREDENTIALS = { email: 'ada@example.com', password: PASSWORD };

/** A server on which all that users are asked or told fails as if the database had. */
async function failing(error: unknown, more: Parameters<typeof rig>[0] = {}) {
  const reject = () => Promise.reject(error);
  const database: Database = { read: reject, transact: reject };
  return rig({
    rooms: (ports) => {
      const { users, sessions } = useCases({ ...ports, database });
      return { users, sessions };
    },
    ...more,
  });
}

describe('every response', () => {
  const common = {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };

  it.each([
    ['200', '/ping', {}, 200],
    ['HTML', '/local/change-password', {}, 200],
    ['CSS', '/local/style.css', {}, 200],
    ['400', '/local', {}, 400],
    ['401', USER, {}, 401],
    ['404', '/nothing', {}, 404],
    ['404 of a router that gave up', `/v1/user/${'x'.repeat(200)}`, {}, 404],
    ['405', '/v1/user', { method: 'DELETE' as const }, 405],
    ['415', '/users/login', { method: 'POST' as const }, 415],
    ['a path that is no path', '/%ZZ', {}, 400],
  ])('is guarded: %s', async (_what, url, more, status) => {
    const { app } = await rig();
    const { statusCode, headers } = await app.inject({ url, ...more });
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject(common);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none';.*frame-ancestors 'none'/,
    );
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(?:server|x-powered-by|set-cookie|access-)/),
      ]),
    );
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  it('is guarded where it is a 500', async () => {
    const { json } = await failing(new Error('a bug'));
    expect((await json('GET', USER)).headers).toMatchObject(common);
  });

  it('asks for HTTPS where people come by HTTPS', async () => {
    const { app } = await rig({ options: { publicUrl: 'https://id.example.com' } });
    const { headers } = await app.inject('/nothing');
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });
});

describe('a path', () => {
  it.each([
    '/v1',
    '/v1/users',
    '/V1/user',
    '/v1/user/a/b',
    '/users',
    '/users/',
    '/.well-known/change-passwords',
    '/.well-known/',
    '/local/',
    '/pingx',
    '/xwell-known/jwksxjson',
  ])('that leads nowhere is a true 404: %s', async (url) => {
    const { app } = await rig();
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const response = await app.inject({ method, url, payload: 'x'.repeat(20_000) });
      expect([response.statusCode, response.json()]).toStrictEqual([
        404,
        problemAt(url, 'not_found', 'not found'),
      ]);
    }
  });

  it.each([
    ['/v1/auth/totp', 'POST', ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']],
    [USER, 'DELETE, GET, HEAD, PATCH', ['POST', 'PUT']],
    ['/v1/auth/provider/local/login', 'POST', ['GET', 'PUT']],
    ['/v1/auth/provider/local/update-password', 'POST', ['GET', 'PUT']],
    ['/v1/auth/provider/local/update-password/revoke?token=x', 'POST', ['GET', 'HEAD']],
    ['/users/create', 'POST', ['GET', 'PUT']],
    ['/users/login', 'POST', ['GET', 'PUT']],
    ['/users/update/password', 'POST, PUT', ['GET', 'PATCH']],
    ['/local?token=x', 'GET, HEAD, POST', ['PUT', 'DELETE']],
    ['/ping', 'GET, HEAD', ['POST']],
    ['/health/ready', 'GET, HEAD', ['POST']],
    ['/.well-known/jwks.json', 'GET, HEAD', ['POST', 'OPTIONS']],
  ])('says which methods it answers: %s', async (url, allow, methods) => {
    const { app } = await rig();
    for (const method of methods) {
      const response = await app.inject({ method: method as 'PUT', url });
      expect(response.statusCode).toBe(405);
      expect(response.headers.allow?.toString().split(', ').sort().join(', ')).toBe(allow);
      const problem = method === 'HEAD' ? 'method_not_allowed' : response.json().code;
      expect(problem).toBe('method_not_allowed');
    }
  });

  it('that is not decodable is refused without being repeated', async () => {
    const { app, lines } = await rig();
    for (const url of ['/v1/user/%C0%AFplanted', '/%planted', '/planted%']) {
      const response = await app.inject(url);
      expect([response.statusCode, response.json().code]).toStrictEqual([400, 'bad_request']);
      expect(response.body).not.toContain('planted');
    }
    expect(lines.join()).not.toContain('planted');
    expect(lines).toHaveLength(3);
  });
});

it('a path with a text that cannot be an id is answered without a look at the database', async () => {
  const { json } = await failing(new Error('asked'));
  expect((await json('GET', '/v1/user/%00')).statusCode).toBe(404);
});

describe('health', () => {
  it('answers for the process, and for the database behind it', async () => {
    const { app } = await rig();
    const ping = await app.inject('/ping');
    expect([ping.statusCode, ping.body]).toStrictEqual([200, 'Pong']);
    expect(ping.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect((await app.inject('/health/live')).json()).toStrictEqual({
      status: 'live',
      version: '0.1.0',
    });
    expect((await app.inject('/health/ready')).json()).toStrictEqual({
      status: 'ready',
      version: '0.1.0',
    });
  });

  it.each([
    ['says no', async () => false],
    ['fails', () => Promise.reject(new Error('no connection'))],
  ])('is not ready while the database %s', async (_what, isReady) => {
    const { app } = await rig({ isReady });
    const response = await app.inject('/health/ready');
    expect([response.statusCode, response.headers['retry-after']]).toStrictEqual([503, '5']);
    expect(response.json()).toStrictEqual({
      type: '/docs/errors#unavailable',
      title: 'Unavailable',
      status: 503,
      detail: 'not ready',
      code: 'unavailable',
    });
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });

  it('publishes the public members of keys, and those alone', async () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: 'public', kid: 'k1', use: 'sig', alg: 'EdDSA' };
    const { app } = await rig({ jwks: () => ({ keys: [{ ...key, d: 'private', p: 'private' }] }) });
    const response = await app.inject('/.well-known/jwks.json');
    expect(response.json()).toStrictEqual({ keys: [key] });
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

describe('a failure', () => {
  it('is told without its details, and logged with them', async () => {
    const bug = new Error('cannot do this', { cause: new Error('because of that') });
    const { json, lines } = await failing(bug);
    const response = await json('GET', USER);
    expect([response.statusCode, response.json()]).toStrictEqual([
      500,
      {
        ...problemAt(
          '/v1',
          'internal',
          'something went wrong here; the instance names the request',
        ),
        instance: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/),
      },
    ]);
    const [failure, request] = lines.map((line) => JSON.parse(line));
    expect(failure).toStrictEqual({
      level: 'error',
      requestId: response.json().instance.slice('urn:uuid:'.length),
      method: 'GET',
      route: '/v1/user/:id',
      error: expect.stringMatching(
        /^Error: cannot do this\n +at .*\ncaused by: Error: because of that\n +at /s,
      ),
      message: 'request failed',
    });
    expect(request.requestId).toBe(failure.requestId);
  });

  it.each([undefined, null, 'text', { code: 'FST_ERR_NOT_OURS', statusCode: 418 }])(
    'that is no error is a failure: %s',
    async (thrown) => {
      const { json } = await failing(thrown);
      expect((await json('GET', USER)).statusCode).toBe(500);
    },
  );

  it('of the database says when to try again, and is logged', async () => {
    const { json, lines } = await failing(new Unavailable(1.2, { cause: new Error('gone') }));
    const response = await json('GET', USER);
    expect([response.statusCode, response.headers['retry-after']]).toStrictEqual([503, '2']);
    expect(response.json().code).toBe('unavailable');
    expect(lines.join()).toContain('caused by: Error: gone');
  });

  it('is not logged where the server was only overloaded', async () => {
    const { form, lines } = await failing(new Overloaded(3));
    const response = await form('POST', '/users/login', CREDENTIALS);
    expect([response.statusCode, response.headers['retry-after']]).toStrictEqual([503, '3']);
    expect(response.json().code).toBe('overloaded');
    expect(lines).toHaveLength(1);
  });
});

describe('the id of a request', () => {
  const idOf = async (headers: Record<string, string | string[]>) => {
    const { app, lines } = await rig();
    const response = await app.inject({ url: '/ping', headers });
    const [line] = lines.map((each) => JSON.parse(each));
    expect(response.headers['x-request-id']).toBe(line.requestId);
    return line.requestId;
  };

  it.each([
    'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    '01J9ZQ4V8N2T6XK3R5W7Y0B1CD',
    '0af7651916cd43dd8448eb211c80319c',
    'F47AC10B-58CC-4372-A567-0E02B2C3D479',
  ])("is the caller's own where it is a UUID, a ULID or the id of a trace: %s", async (id) => {
    expect(await idOf({ 'x-request-id': id })).toBe(id);
  });

  it.each([
    ...['', ' ', 'a', 'edge-17', 'x'.repeat(64), 'x'.repeat(16_000), 'a b', '"a"', 'a,b'],
    ...['{"level":"error"}', 'é', 'a\tb', 'correct-horse', '0af7651916cd43dd8448eb211c80319'],
    '0af7651916cd43dd8448eb211c80319c, 0af7651916cd43dd8448eb211c80319c',
    // A key, a refresh token and the seed of a TOTP key.
    `rks_${'x'.repeat(43)}`,
    `rkf_${'x'.repeat(43)}`,
    'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  ])('is a new one where the caller sends anything else: %j', async (id) => {
    expect(await idOf({ 'x-request-id': id })).toMatch(
      /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
    );
  });

  it('is with every answer, and each request has its own', async () => {
    const { app } = await rig();
    const urls = ['/ping', '/nothing', '/%ZZ', '/v1/user/1', '/local'];
    const ids = [];
    for (const url of urls) ids.push((await app.inject(url)).headers['x-request-id']);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(urls.length);
  });

  it('is the instance of a failure', async () => {
    const { app, serviceKey, lines } = await failing(new Error('cannot do this'));
    const headers = {
      authorization: serviceKey,
      'x-request-id': '0af7651916cd43dd8448eb211c80319c',
    };
    const response = await app.inject({ url: USER, headers });
    expect(response.json().instance).toBe('#0af7651916cd43dd8448eb211c80319c');
    expect(JSON.parse(lines[0] ?? '').requestId).toBe('0af7651916cd43dd8448eb211c80319c');
  });
});

describe('the watch of a server', () => {
  it('is told of each request by its route, and of each limit that was met', async () => {
    const answered: Answered[] = [];
    const limits: string[] = [];
    const watch: Watch = {
      answered: (request) => answered.push(request),
      throttled: (limit) => limits.push(limit),
      replayed: () => {},
    };
    const limit = { name: 'client', quota: 1, windowMs: 60_000 };
    const { app, form } = await failing(new TooManyRequests(limit, 1), { watch });
    await app.inject('/ping');
    await app.inject('/nothing?token=planted');
    await app.inject('/%ZZ');
    await form('POST', '/users/login', CREDENTIALS);
    const common = { method: 'GET', ms: expect.any(Number) };
    expect(answered).toEqual([
      { ...common, route: '/ping', status: 200 },
      { ...common, route: null, status: 404 },
      { ...common, route: null, status: 400 },
      { ...common, method: 'POST', route: '/users/login', status: 429 },
    ]);
    expect(limits).toEqual(['client']);
  });
});

describe('the trace of a request', () => {
  const traceOf = async (traceparent: string) => {
    const { app, lines } = await rig();
    await app.inject({ url: '/ping', headers: { traceparent } });
    return JSON.parse(lines[0] ?? '').traceId;
  };
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const span = '00f067aa0ba902b7';

  it.each([`00-${trace}-${span}-01`, `01-${trace}-${span}-00`, `cc-${trace}-${span}-01-more`])(
    'is logged: %s',
    async (traceparent) => {
      expect(await traceOf(traceparent)).toBe(trace);
    },
  );

  it.each([
    '',
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.slice(1)}-${span}-01`,
    `cc-${trace}-${span}-012`,
    `${trace}`,
  ])('is not logged where it is not one: %j', async (traceparent) => {
    expect(await traceOf(traceparent)).toBeUndefined();
  });
});

describe('the log', () => {
  it('has one line for each request', async () => {
    const { app, json, lines } = await rig();
    await app.inject('/ping');
    await json('GET', USER);
    await app.inject('/nothing?token=planted');
    const common = {
      level: 'info',
      message: 'request',
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      ms: expect.any(Number),
      method: 'GET',
    };
    expect(lines.map((line) => JSON.parse(line))).toStrictEqual([
      { ...common, route: '/ping', status: 200 },
      { ...common, route: '/v1/user/:id', status: 404 },
      { ...common, route: null, status: 404 },
    ]);
  });

  it('never holds a value of a request', async () => {
    const server = await rig();
    const { app, json, form, lines } = server;
    const { user } = await enrolled(server);
    const { token } = await signedUp(server);
    const sent = {
      is_enabled: true,
      name: 'planted',
      email: 'planted@example.com',
      locale: 'planted',
      timezone: 'planted',
      password: 'planted',
      new_password: 'planted',
      newPassword: 'planted',
      token: 'planted',
      type: 'planted',
      user_id: 'planted',
      planted: 'planted',
    };
    const headers = { 'user-agent': 'planted', cookie: 'planted', referer: 'http://planted/' };
    const posts = ['/v1/user', '/v1/key', '/users/create', '/users/login', '/local'];
    for (const provider of ['login', 'update-password', 'update-password/revoke']) {
      posts.push(`/v1/auth/provider/local/${provider}`);
    }
    for (const url of posts) {
      for (const key of [server.serviceKey, 'planted']) {
        const auth = { ...headers, authorization: key };
        await json('POST', `${url}?planted=planted`, sent, { headers: auth });
      }
      for (const field of Object.keys(sent)) {
        await form('POST', url, { [field]: 'planted' }, headers);
      }
      await form('POST', url, 'planted=%planted', headers);
    }
    await form('PUT', '/users/update/password', 'password=planted', {
      ...headers,
      authorization: `Bearer ${token}`,
    });
    await app.inject({ url: '/local?type=update_password&token=planted', headers });
    await app.inject({ url: `/v1/user/planted`, headers: { authorization: 'Bearer planted' } });
    await app.inject({ url: '/planted/planted', headers });

    expect(lines.length).toBeGreaterThan(100);
    const secrets = new RegExp(
      ['planted', server.serviceKey, server.rootKey, token, PASSWORD, user.id].join('|'),
    );
    expect(lines.filter((line) => secrets.test(line))).toStrictEqual([]);
  });

  it('holds a stack without the values of the request', async () => {
    const secret = 'Planted (secret) [1]$';
    const { json, form, lines } = await failing(
      new Error(`bad row: ${secret.toLowerCase()}, ${secret}`),
    );
    const credentials = { email: 'ada@example.com', password: secret };
    await json('POST', '/v1/auth/provider/local/login', credentials);
    await form('POST', '/users/login', credentials);
    expect(lines.join()).toContain('bad row: [sent], [sent]');
    expect(lines.join()).not.toMatch(/planted/i);
  });
});
