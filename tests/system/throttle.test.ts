import { expect, test } from 'vitest';
import { aFolder, type Server, startServer } from '../harness.ts';

const env = { TRUST_PROXY: '127.0.0.1' };
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse';

const form = (server: Server, route: string, fields: Record<string, string>, address: string) =>
  fetch(`${server.url}/users/${route}`, {
    method: 'POST',
    headers: { 'x-forwarded-for': address },
    body: new URLSearchParams(fields),
  });
const login = (server: Server, address: string, password = PASSWORD) =>
  form(server, 'login', { email: EMAIL, password }, address);

test('tries are counted by all servers on one database together, and a restart forgets none', {
  timeout: 120_000,
}, async () => {
  const folder = aFolder();
  const first = await startServer(folder, env);
  const second = await startServer(folder, env);
  const home = '198.51.100.1';
  const profile = { name: 'Ada', email: EMAIL, password: PASSWORD };
  expect((await form(first, 'create', profile, home)).status).toBe(200);
  expect((await login(second, home)).status).toBe(200);

  // One from each address, so that nobody has to wait before the ceiling is reached.
  const guesses = Array.from({ length: 100 }, (_, i) =>
    login(i % 2 === 0 ? first : second, `203.0.113.${i}`, 'wrong horse'),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses).toEqual(Array(100).fill(401));

  const expectFull = async (server: Server) => {
    const refused = await login(server, '203.0.113.200');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"account-day";r=0;t=\d+$/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(80_000);
    expect((await login(server, home)).status).toBe(200);
  };
  await expectFull(first);
  await expectFull(second);

  first.signal('SIGTERM');
  second.signal('SIGTERM');
  await Promise.all([first.exit, second.exit]);
  await expectFull(await startServer(folder, env));
});
