import { START } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, problemAt, type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const LOGIN = '/v1/auth/provider/local/login';
const UPDATE = '/v1/auth/provider/local/update-password';
const wrong = 'wrong horse';

const problemOf = (url: string) =>
  problemAt(url, 'too_many_requests', 'this was tried too often; wait before the next try');
const problem = problemOf(LOGIN);

const limitHeaders = ({ headers }: { headers: Record<string, unknown> }) => [
  headers['retry-after'],
  headers.ratelimit,
  headers['ratelimit-policy'],
];

/** Logs in at `/v1`, by way of a proxy that forwards the address where one is given. */
const login = (email: string, password: string, forwarded?: string) =>
  server.json(
    'POST',
    LOGIN,
    { email, password },
    forwarded === undefined ? {} : { headers: { 'x-forwarded-for': forwarded } },
  );

const statuses = async (...calls: (() => Promise<{ statusCode: number }>)[]) => {
  const all: number[] = [];
  for (const call of calls) all.push((await call()).statusCode);
  return all;
};
const times = (count: number, call: () => Promise<{ statusCode: number }>) =>
  statuses(...Array.from({ length: count }, () => call));

describe('an account that is tried too often', () => {
  it('is answered 429 with the limit and the time to wait', async () => {
    await enrolled(server);
    expect(await times(5, () => login('ada@example.com', wrong))).toEqual(Array(5).fill(400));
    const response = await login('ada@example.com', PASSWORD);
    expect(response.statusCode).toBe(429);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json()).toStrictEqual(problem);
    expect(limitHeaders(response)).toEqual(['1', '"account";r=0;t=1', '"account";q=10;w=86400']);

    server.clock.set(START + 1000);
    expect((await login('ada@example.com', PASSWORD)).statusCode).toBe(200);
  });

  it('is answered byte for byte like one that does not exist', async () => {
    await enrolled(server);
    const answers = async (email: string) => {
      const all: unknown[] = [];
      for (let i = 0; i < 9; i += 1) {
        const { statusCode, headers, body } = await login(email, wrong);
        all.push({ statusCode, headers: { ...headers, date: null, 'x-request-id': null }, body });
        server.clock.set(server.clock.now() + (i % 2) * 1000);
      }
      return all;
    };
    const known = await answers('ada@example.com');
    server.clock.set(START);
    expect(await answers('nobody@example.com')).toEqual(known);
  });

  it('is one account at both calls of /v1 that prove a password', async () => {
    await enrolled(server);
    const body = { email: 'ada@example.com', password: wrong, new_password: 'battery staple' };
    const update = () => server.json('POST', UPDATE, body);
    expect(await times(5, update)).toEqual(Array(5).fill(400));
    expect(await statuses(update, () => login('ada@example.com', PASSWORD))).toEqual([429, 429]);
  });

  it('is answered alike in the form dialect, by whatever route, with a session too', async () => {
    const { token } = await signedUp(server);
    const fields = { email: 'orion@example.com', password: wrong };
    const formLogin = () => server.form('POST', '/users/login', fields);
    const update = () =>
      server.form(
        'PUT',
        '/users/update/password',
        { ...fields, newPassword: 'battery staple' },
        { authorization: `Bearer ${token}` },
      );
    expect(await statuses(update)).toEqual([400]);
    expect(await times(5, formLogin)).toEqual([401, 401, 401, 401, 401]);
    for (const call of [formLogin, update]) {
      const response = await call();
      expect(response.json()).toStrictEqual(problemOf('/users'));
      expect(response.headers['retry-after']).toBe('1');
    }
  });

  it('is open to its owner at another network, as far as a proxy is believed', async () => {
    server = await rig({ options: { trustProxy: ['127.0.0.1'] } });
    await enrolled(server);
    const at = (address: string, password: string) => login('ada@example.com', password, address);
    expect(await times(5, () => at('203.0.113.9', wrong))).toEqual(Array(5).fill(400));
    expect(await statuses(() => at('203.0.113.9', PASSWORD))).toEqual([429]);
    expect(await statuses(() => at('198.51.100.1', PASSWORD))).toEqual([200]);

    server = await rig();
    await enrolled(server);
    expect(await times(5, () => at('203.0.113.9', wrong))).toEqual(Array(5).fill(400));
    expect(await statuses(() => at('198.51.100.1', PASSWORD))).toEqual([429]);
  });

  it('has one-time codes that are throttled too', async () => {
    const { user } = await enrolled(server);
    const call = () => server.json('POST', '/v1/auth/totp', { user_id: user.id, totp: '000000' });
    expect(await times(6, call)).toEqual([400, 400, 400, 400, 400, 429]);
  });
});

describe('a network that fails too often', () => {
  /** Uses up the wrong tries of a minute, at accounts that do not exist. */
  async function flood(headers: Record<string, string> = {}): Promise<void> {
    for (let i = 0; i < 30; i += 1) {
      const body = { email: `nobody-${i}@example.com`, password: wrong };
      await server.json('POST', LOGIN, body, { headers });
    }
  }

  it('is answered 429 after the key, the type, the size and the shape', async () => {
    await enrolled(server);
    await flood();
    const call = (url: string, key: string, type: string, payload: string) => () =>
      server.app.inject({
        method: 'POST',
        url,
        headers: { authorization: key, 'content-type': type },
        payload,
      });
    const key = server.serviceKey;
    const credentials = { email: 'ada@example.com', password: PASSWORD };
    const bodies = {
      [LOGIN]: credentials,
      [UPDATE]: { ...credentials, new_password: 'battery staple' },
      '/v1/auth/totp': { user_id: '01900000-0000-7000-8000-00000000dead', totp: '000000' },
    };
    for (const [url, body] of Object.entries(bodies)) {
      const good = JSON.stringify(body);
      expect(
        await statuses(
          call('/v1/nothing', key, 'text/plain', 'x'),
          call(url, 'wrong', 'text/plain', 'x'),
          call(url, key, 'text/plain', 'x'),
          call(url, key, 'application/json', 'x'.repeat(20_000)),
          call(url, key, 'application/json', '{}'),
          call(url, key, 'application/json', good),
        ),
      ).toEqual([404, 401, 415, 413, 400, 429]);
    }
  });

  it('is told how long, and is let through once a try is forgotten', async () => {
    await enrolled(server);
    await flood();
    const response = await login('ada@example.com', PASSWORD);
    expect(response.json()).toStrictEqual(problem);
    expect(limitHeaders(response)).toEqual(['2', '"client";r=0;t=2', '"client";q=30;w=60']);
    server.clock.set(START + 2000);
    expect((await login('ada@example.com', PASSWORD)).statusCode).toBe(200);
  });

  it('is no other service’s', async () => {
    await enrolled(server);
    await flood();
    const headers = { authorization: await server.otherServiceKey() };
    const body = { email: 'ada@example.com', password: wrong };
    expect((await server.json('POST', LOGIN, body, { headers })).statusCode).toBe(400);
  });

  it('may still use calls that prove no password', async () => {
    const { user } = await enrolled(server);
    await flood();
    expect((await server.json('GET', `/v1/user/${user.id}`)).statusCode).toBe(200);
    expect((await server.app.inject('/ping')).statusCode).toBe(200);
  });

  it('is the one whose address a trusted proxy forwards', async () => {
    server = await rig({ options: { trustProxy: ['127.0.0.1'] } });
    await enrolled(server);
    await flood({ 'x-forwarded-for': '203.0.113.9' });
    expect(
      await statuses(
        () => login('ada@example.com', PASSWORD, '203.0.113.9'),
        () => login('ada@example.com', PASSWORD, '198.51.100.1'),
      ),
    ).toEqual([429, 200]);
  });

  it('fails at logins of the form dialect as well, and sessions change passwords all the same', async () => {
    const { token } = await signedUp(server);
    const right = { email: 'orion@example.com', password: PASSWORD };
    for (let i = 0; i < 30; i += 1) {
      const fields = { email: `nobody-${i}@example.com`, password: wrong };
      await server.form('POST', '/users/login', fields);
    }
    const authorization = `Bearer ${token}`;
    const change = { ...right, newPassword: 'battery staple' };
    expect(
      await statuses(
        () => server.form('POST', '/users/login', 'not even a form', { 'content-type': 'x/y' }),
        () => server.form('POST', '/users/login', right),
        () => server.form('PUT', '/users/update/password', change, { authorization }),
      ),
    ).toEqual([415, 429, 200]);
  });
});

it('sign-ups from one network are bounded', async () => {
  const signUp = (i: number) =>
    server.form('POST', '/users/create', {
      name: 'Orion',
      email: `orion-${i}@example.com`,
      password: PASSWORD,
    });
  for (let i = 0; i < 6; i += 1) expect((await signUp(i)).statusCode).toBe(200);
  const response = await signUp(6);
  expect(response.json()).toStrictEqual(problemOf('/users'));
  expect(limitHeaders(response)).toEqual(['10', '"sign-up";r=0;t=10', '"sign-up";q=6;w=60']);
});

it('password changes of one account are bounded', async () => {
  await enrolled(server);
  const passwords = [PASSWORD, 'battery staple'];
  const change = (i: number) =>
    server.json('POST', UPDATE, {
      email: 'ada@example.com',
      password: passwords[i % 2],
      new_password: passwords[(i + 1) % 2],
    });
  for (let i = 0; i < 10; i += 1) expect((await change(i)).statusCode).toBe(200);
  const response = await change(10);
  expect(response.json()).toStrictEqual(problem);
  expect(limitHeaders(response)).toEqual(['3600', '"change";r=0;t=3600', '"change";q=10;w=3600']);
});
