import { expect, test } from 'vitest';
import { aFolder, type Server, startServer } from '../harness.ts';

const env = { TRUST_PROXY: '127.0.0.1' };
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse';
const HOME = '198.51.100.1';

const form = (server: Server, route: string, fields: Record<string, string>, address = HOME) =>
  fetch(`${server.url}/users/${route}`, {
    method: 'POST',
    headers: { 'x-forwarded-for': address },
    body: new URLSearchParams(fields),
  });
const login = (server: Server, fields: Record<string, string> = {}, address = HOME) =>
  form(server, 'login', { email: EMAIL, password: PASSWORD, ...fields }, address);

test('tries are counted by all servers on one database together, a restart forgets none, and a device stays known', {
  timeout: 120_000,
}, async () => {
  const folder = aFolder();
  const first = await startServer(folder, env);
  const second = await startServer(folder, env);
  const profile = { name: 'Ada', email: EMAIL, password: PASSWORD };
  expect((await form(first, 'create', profile)).status).toBe(200);
  const { device } = (await (await login(second)).json()) as { device: string };

  // One from each network, so that nobody has to wait before the ceiling is reached.
  const guesses = Array.from({ length: 100 }, (_, i) =>
    login(i % 2 === 0 ? first : second, { password: 'wrong horse' }, `203.0.113.${i}`),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(50);
  expect(statuses.filter((status) => status === 429)).toHaveLength(50);

  const expectFull = async (server: Server) => {
    const refused = await login(server);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"account-day";r=0;t=\d+$/);
    const mistyped = await login(server, { password: 'wrong horse', device });
    expect(mistyped.status).toBe(429);
    expect((await login(server, { device })).status).toBe(200);
  };
  await expectFull(first);
  await expectFull(second);

  first.signal('SIGTERM');
  second.signal('SIGTERM');
  await Promise.all([first.exit, second.exit]);
  await expectFull(await startServer(folder, env));
});
