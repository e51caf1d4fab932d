import { createServer, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { RekeyError, rekeyClient } from './index.ts';

/** The URL of a server that answers like this. */
async function answering(answer: RequestListener) {
  const server = createServer(answer);
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
    listAudit({ limit: '5', from: '2026-01-01T00:00:00+01:00' }, call),
  ).rejects.toThrow();
  expect(asked).toEqual([
    [
      'GET',
      '/v1/audit?limit=5&from=2026-01-01T00%3A00%3A00%2B01%3A00',
      'rks_x',
      '192.0.2.1',
      'Br?wser/1?',
    ],
  ]);
});
