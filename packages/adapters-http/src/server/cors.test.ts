import { describe, expect, it } from 'vitest';
import { PASSWORD, rig } from '../../test/harness.ts';

const APP = 'https://app.example.com';
const EVIL = 'https://evil.example';
const OWN = 'http://localhost:8042';
const EXPOSED = 'Link, Retry-After, WWW-Authenticate, Idempotency-Replayed';

const open = () => rig({ options: { corsAllowOrigin: [APP, 'http://localhost:3000'] } });

const corsHeaders = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^access-control-|^vary$/.test(name)),
  );

describe('a preflight', () => {
  const ask = async (url: string, headers: Record<string, string>) => {
    const { app } = await open();
    const method = 'OPTIONS';
    const asking = { 'access-control-request-method': 'POST', ...headers };
    const response = await app.inject({ method, url, headers: asking });
    return { ...response, cors: corsHeaders(response.headers) };
  };

  it.each([
    ['/users/login', 'GET, POST, PUT, DELETE', ''],
    ['/v1/user', 'GET, POST, PUT, PATCH, DELETE', ', user-authorization'],
    [
      '/v1/user/01900000-0000-7000-8000-000000000001',
      'GET, POST, PUT, PATCH, DELETE',
      ', user-authorization',
    ],
  ])(
    'of an allowed origin is answered 204 on a route that exists: %s',
    async (url, methods, more) => {
      const { statusCode, body, cors } = await ask(url, { origin: APP });
      expect([statusCode, body]).toEqual([204, '']);
      expect(cors).toEqual({
        vary: 'Origin',
        'access-control-allow-origin': APP,
        'access-control-allow-methods': methods,
        'access-control-allow-headers': `authorization, content-type, accept, idempotency-key${more}`,
        'access-control-max-age': '3600',
      });
    },
  );

  it.each([EVIL, 'null', `${APP}:8443`, 'http://app.example.com', `${APP}.evil.example`])(
    'of %s is allowed nothing',
    async (origin) => {
      const { statusCode, cors } = await ask('/users/login', { origin });
      expect([statusCode, cors]).toEqual([204, { vary: 'Origin' }]);
    },
  );

  it.each(['/users/nothing', '/v1/nothing', '/nothing'])(
    'is a 404 where there is no route: %s',
    async (url) => {
      expect((await ask(url, { origin: APP })).statusCode).toBe(404);
    },
  );

  it('is no preflight without an origin or a method', async () => {
    const { app } = await open();
    for (const headers of [{ origin: APP }, { 'access-control-request-method': 'POST' }]) {
      const response = await app.inject({ method: 'OPTIONS', url: '/users/login', headers });
      expect(response.statusCode).toBe(405);
    }
  });

  it.each(['/health/live', '/local', '/docs/errors', '/.well-known/jwks.json'])(
    'of %s, which belongs to no dialect, is a 405 without a word to the page',
    async (url) => {
      const { statusCode, cors } = await ask(url, { origin: APP });
      expect([statusCode, cors]).toEqual([405, {}]);
    },
  );
});

describe('an answer', () => {
  const shared = {
    vary: 'Origin',
    'access-control-allow-origin': APP,
    'access-control-expose-headers': EXPOSED,
  };

  it('is shown to pages of an allowed origin, whatever it is', async () => {
    const server = await open();
    const fields = { name: 'Ada', email: 'ada@example.com', password: PASSWORD };
    const headers = { origin: APP };
    const answers = [
      await server.form('POST', '/users/create', fields, headers),
      await server.form('POST', '/users/create', {}, headers),
      await server.form('POST', '/users/login', { ...fields, password: 'wrong horse' }, headers),
      await server.form('POST', '/users/nothing', fields, headers),
      await server.form('PUT', '/users/login', fields, headers),
      await server.app.inject({ method: 'POST', url: '/users/login', headers }),
      await server.json('GET', '/v1/user/x', undefined, { headers }),
      await server.app.inject({ url: '/v1/user/x', headers }),
      await server.app.inject({ url: '/v1/%zz', headers }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([
      200, 400, 401, 404, 405, 415, 404, 401, 400,
    ]);
    for (const answer of answers) expect(corsHeaders(answer.headers)).toEqual(shared);
  });

  it('is given to programs, which name no origin, and says that it depends on one', async () => {
    const server = await open();
    const response = await server.json('POST', '/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email: 'a@b.example',
    });
    expect([response.statusCode, corsHeaders(response.headers)]).toEqual([200, { vary: 'Origin' }]);
  });

  it('of /v1 is given to other origins as well, whose browsers show it to no page', async () => {
    const server = await open();
    const response = await server.json('GET', '/v1/user/x', undefined, {
      headers: { origin: EVIL },
    });
    expect([response.statusCode, corsHeaders(response.headers)]).toEqual([404, { vary: 'Origin' }]);
  });

  it('never allows credentials, nor every origin', async () => {
    const server = await open();
    for (const method of ['OPTIONS', 'POST'] as const) {
      const response = await server.app.inject({
        method,
        url: '/users/login',
        headers: { origin: APP, 'access-control-request-method': 'POST' },
      });
      expect(response.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(response.headers['access-control-allow-origin']).toBe(APP);
    }
  });

  it('is shown to no page where no origin is allowed', async () => {
    const server = await rig();
    const response = await server.form('POST', '/users/create', {}, { origin: OWN });
    expect(corsHeaders(response.headers)).toEqual({ vary: 'Origin' });
  });
});

describe('a change in the form dialect', () => {
  const create = async (headers: Record<string, string>, method: 'POST' | 'PUT' = 'POST') => {
    const server = await open();
    const url = method === 'POST' ? '/users/create' : '/users/update/password';
    return server.form(method, url, {}, headers);
  };
  const crossSite = { 'sec-fetch-site': 'cross-site' };

  it.each([
    ['an allowed origin', { origin: APP, ...crossSite }],
    ['an allowed origin of an old browser', { origin: APP }],
    ['a page of this server', { origin: OWN, 'sec-fetch-site': 'same-origin' }],
    ['a program', {}],
  ])('is looked at where it comes from %s', async (_what, headers) => {
    expect((await create(headers)).json().code).toBe('invalid_argument');
  });

  it.each([
    ['another origin', { origin: EVIL }],
    ['another origin, cross-site', { origin: EVIL, ...crossSite }],
    ['a page that hides its origin', { origin: 'null', ...crossSite }],
    ['a page of another site whose origin is not told', crossSite],
    ['a page of another site that claims an own origin', { origin: OWN, ...crossSite }],
  ])('is refused where it comes from %s', async (_what, headers) => {
    const response = await create(headers);
    expect([response.statusCode, response.json().code]).toEqual([403, 'cross_site_request']);
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
