import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RekeyError, rekeyClient } from './index.ts';

/** The URL of a server that answers like this. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const problem = {
  type: '/docs/errors#too_many_requests',
  title: 'Too many requests',
  status: 429,
  detail: 'wait',
  code: 'too_many_requests',
};
const SECRET = 'planted-secret';

it('an answer other than 200 is an error with the problem, and the time to wait', async () => {
  const url = await answering((_request, response) => {
    const headers = { 'retry-after': '3', 'x-request-id': 'a1' };
    response.writeHead(429, { 'content-type': 'application/problem+json', ...headers });
    response.end(JSON.stringify(problem));
  });
  const login = rekeyClient({ url, key: SECRET }).login({ email: 'a@b.c', password: SECRET });
  const error = await login.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RekeyError);
  expect(error).toMatchObject({
    status: 429,
    code: 'too_many_requests',
    problem,
    retryAfterS: 3,
    requestId: 'a1',
  });
});

it.each([
  ['a page of a proxy', 502, 'text/html', '<h1>Bad gateway</h1>'],
  ['a 200 that is no JSON', 200, 'application/json', `{"token":"${SECRET}`],
  ['a 200 of another type', 200, 'text/html', SECRET],
])(
  'what Rekey does not answer is an error without a problem: %s',
  async (_what, status, type, body) => {
    const url = await answering((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    const error = await rekeyClient({ url, key: SECRET })
      .verifyToken({ token: SECRET })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'RekeyError', status, code: null, problem: null });
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain(SECRET);
  },
);

it('a key that is no header is refused without being shown', async () => {
  const error = await rekeyClient({ url: 'http://127.0.0.1:1', key: `${SECRET}\n` })
    .readUser({ id: 'x' })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).not.toContain(SECRET);
});

it('a call follows no redirection, and says for whom it is made', async () => {
  const asked: unknown[] = [];
  const url = await answering(({ method, url, headers }, response) => {
    asked.push([
      method,
      url,
      headers.authorization,
      headers['x-forwarded-for'],
      headers['user-agent'],
    ]);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  const { listAudit } = rekeyClient({ url: `${url}/`, key: 'rks_x' });
  const call = { address: '192.0.2.1', client: 'Bröwser/1\n' };
  await expect(
    listAudit({ limit: '5', ge: '2026-01-01T00:00:00+01:00', type: ['a', 'b'] }, call),
  ).rejects.toThrow();
  expect(asked).toEqual([
    [
      'GET',
      '/v1/audit?limit=5&ge=2026-01-01T00%3A00%3A00%2B01%3A00&type=a&type=b',
      'rks_x',
      '192.0.2.1',
      'Br?wser/1?',
    ],
  ]);
});

/** Answers each request with the next of the answers, and notes the request. */
async function answeringInTurn(answers: readonly ('cut' | [status: number, body?: object])[]) {
  const asked: { method: string; path: string; key: string | undefined; body: string }[] = [];
  let turn = 0;
  const url = await answering(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    const key = headers['idempotency-key'] as string | undefined;
    asked.push({ method, path, key, body: Buffer.concat(chunks).toString() });
    const answer = answers[turn] ?? [500];
    turn += 1;
    if (answer === 'cut') {
      response.destroy();
      return;
    }
    const [status, body] = answer;
    const type = status < 300 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, {
      ...(status === 503 && { 'retry-after': '0' }),
      ...(body && { 'content-type': type }),
    });
    response.end(body && JSON.stringify(body));
  });
  return { url, asked };
}

const problemOf = (status: number, code: string) => ({ ...problem, status, code });
const inUse = [409, problemOf(409, 'idempotency_key_in_use')] as const;
const overloaded = [503, problemOf(503, 'overloaded')] as const;
const user = { id: 'u1', name: 'Ada', email: 'ada@example.com' };

it('a change is sent again with one key where nothing comes back, or an answer that says so', async () => {
  const answers = ['cut', [...overloaded], [...inUse], [200, { data: user }]] as const;
  const { url, asked } = await answeringInTurn(answers as never);
  const rekey = rekeyClient({ url, key: 'rks_x', retries: 3 });
  const { data } = await rekey.createUser({ name: 'Ada', email: 'ada@example.com' });
  expect(data).toEqual(user);
  expect(asked).toHaveLength(4);
  const [first] = asked;
  expect(first?.key).toMatch(/^[\da-f-]{36}$/);
  for (const each of asked) expect(each).toEqual(first);

  const { url: next, asked: others } = await answeringInTurn([[200, { data: user }]]);
  await rekeyClient({ url: next, retries: 1 }).createUser({ name: 'Ada', email: 'a@b.example' });
  expect(others[0]?.key).not.toBe(first?.key);
});

it('a call is sent again so often, and then its last error is told', async () => {
  const { url, asked } = await answeringInTurn([[...overloaded], [...overloaded], [...overloaded]]);
  const reading = rekeyClient({ url, key: 'rks_x', retries: 2 }).readUser({ id: 'u1' });
  await expect(reading).rejects.toMatchObject({ code: 'overloaded' });
  expect(asked.map(({ key }) => key)).toEqual([undefined, undefined, undefined]);
});

it.each([
  ['a refusal', [400, problemOf(400, 'invalid_argument')], 5],
  ['a wait of an hour', [503, problemOf(503, 'overloaded')], 5],
  ['anything, unless retries are asked for', [...overloaded], 0],
] as const)('%s is no reason to send a call again', async (_what, answer, retries) => {
  const { url, asked } = await answeringInTurn([]);
  const late = await answering((_request, response) => {
    const [status, body] = answer;
    response.writeHead(status, {
      'content-type': 'application/problem+json',
      'retry-after': '3600',
    });
    response.end(JSON.stringify(body));
    asked.push({ method: '', path: '', key: undefined, body: '' });
  });
  expect(url).toBeDefined();
  const call = rekeyClient({ url: late, retries }).createUser({ name: 'A', email: 'a@b.example' });
  await expect(call).rejects.toMatchObject({ status: answer[0] });
  expect(asked).toHaveLength(1);
});

it('a wait for the tries of a person is told at once, however short it is', async () => {
  const tooMany = [429, problemOf(429, 'too_many_requests')] as const;
  const { url, asked } = await answeringInTurn([[...tooMany]]);
  const login = rekeyClient({ url, retries: 5 }).login({ email: 'a@b.example', password: SECRET });
  await expect(login).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(asked).toHaveLength(1);
});

it('a call that only looks has no key that Rekey would have to write down', async () => {
  const verified = [200, { user }] as const;
  const { url, asked } = await answeringInTurn([[...verified], [...verified], [...verified]]);
  const rekey = rekeyClient({ url, retries: 1 });
  await rekey.verifyToken({ token: 'x' });
  await rekey.verifyKey({ key: 'x' });
  await rekey.verifyKey({ key: 'x', audit: 'shop:order' });
  expect(asked.map(({ key }) => typeof key)).toEqual(['undefined', 'undefined', 'string']);
});

it('a call that is called off is not sent again', async () => {
  const { url, asked } = await answeringInTurn([[...overloaded], [...overloaded]]);
  const signal = AbortSignal.abort(new Error('enough'));
  const call = rekeyClient({ url, retries: 5 }).readUser({ id: 'u1' }, { signal });
  await expect(call).rejects.toThrow('enough');
  expect(asked).toEqual([]);
});

it('a caller names its calls, and the user beside the service', async () => {
  const seen: unknown[] = [];
  const url = await answering(({ headers }, response) => {
    seen.push([headers['idempotency-key'], headers['user-authorization']]);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}');
  });
  const call = { idempotencyKey: 'order-7', user: 'token x.y.z' };
  await rekeyClient({ url }).createUser({ name: 'Ada', email: 'a@b.example' }, call);
  expect(seen).toEqual([['order-7', 'token x.y.z']]);
});

it('what has a place in the path is not sent in the body too', async () => {
  const { url, asked } = await answeringInTurn([[200, { data: user }], [200, {}], [204]]);
  const rekey = rekeyClient({ url });
  await rekey.updateUser({ id: 'u/1', name: 'Ada' });
  await rekey.deleteUser({ id: 'u1' });
  expect(await rekey.signOut()).toBeUndefined();
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['PATCH', '/v1/user/u%2F1', '{"name":"Ada"}'],
    ['DELETE', '/v1/user/u1', ''],
    ['POST', '/users/logout', ''],
  ]);
});

describe('the rows of a list come page after page', () => {
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${from + index}`,
      name: `n${from + index}`,
    }));
  const page = (data: object[], next?: string | null) =>
    [200, { meta: { limit: 2 }, data, ...(next !== undefined && { next }) }] as [number, object];
  const idsOf = async (list: AsyncIterable<{ readonly id: string }>) => {
    const ids: string[] = [];
    for await (const { id } of list) ids.push(id);
    return ids;
  };

  it('by their ids', async () => {
    const { url, asked } = await answeringInTurn([
      page(rows(1, 2)),
      page(rows(3, 2)),
      page(rows(5, 1)),
    ]);
    const { each } = rekeyClient({ url });
    expect(await idsOf(each.listKeys({ user_id: ['u1', 'u2'], limit: '2' }))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/key?user_id=u1&user_id=u2&limit=2',
      '/v1/key?user_id=u1&user_id=u2&limit=2&gt=2',
      '/v1/key?user_id=u1&user_id=u2&limit=2&gt=4',
    ]);
  });

  it('by the next of each page, however short it is', async () => {
    const { url, asked } = await answeringInTurn([
      page(rows(1, 1), 'c1'),
      page(rows(2, 2), 'c2'),
      page([], null),
    ]);
    const { each } = rekeyClient({ url });
    expect(await idsOf(each.listAudit({ type: ['sso:UserCreate'] }))).toEqual(['1', '2', '3']);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/audit?order=asc&type=sso%3AUserCreate',
      '/v1/audit?order=asc&type=sso%3AUserCreate&after=c1',
      '/v1/audit?order=asc&type=sso%3AUserCreate&after=c2',
    ]);
  });

  it('by their names', async () => {
    const { url, asked } = await answeringInTurn([page(rows(1, 2), null), page(rows(3, 1), null)]);
    const { each } = rekeyClient({ url });
    expect(await idsOf(each.listUsers({ name_ge: 'n' }))).toEqual(['1', '2', '3']);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/user?name_ge=n',
      '/v1/user?name_ge=n2&offset_id=2',
    ]);
  });

  it('and no page more than is asked for', async () => {
    const { url, asked } = await answeringInTurn([page(rows(1, 2)), page(rows(3, 2))]);
    for await (const { id } of rekeyClient({ url }).each.listServices()) {
      if (id === '2') break;
    }
    expect(asked).toHaveLength(1);
  });
});
