import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Gate, gate as newGate } from '@rekey/adapters-crypto';
import { createHttpServer } from '@rekey/adapters-http';
import { operator } from '@rekey/domain';
import { PLACE } from '@rekey/usecases/testing';
import { expect, onTestFinished, test } from 'vitest';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';

const PASSWORD = 'correct horse';

/** The real server on real sockets, where one hash is made at a time and so many more may wait. */
async function start(maxWaiting: number) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-'));
  const config = readConfig({
    DATABASE_URL: `sqlite:${folder}/rekey.db`,
    KEYS_FILE: `${folder}/keys.json`,
    MAIL_DIR: `${folder}/mail`,
    BCRYPT_COST: '10',
    TRUST_PROXY: '127.0.0.1',
  });
  const inner = newGate({ places: 1, maxWaiting });
  let onWaiting = () => {};
  const gate: Gate = {
    admit: (place) => inner.admit(place),
    run: (place, task) => {
      const running = inner.run(place, task);
      if (inner.waiting > 0) onWaiting();
      return running;
    },
    get running() {
      return inner.running;
    },
    get waiting() {
      return inner.waiting;
    },
  };
  const { useCases, jwks, ping, close } = await compose(config, {}, gate);
  await useCases.services.openFormService.execute(operator);
  const { app, drain } = createHttpServer({
    useCases,
    jwks,
    isReady: () => ping().then(() => true),
    log: { info: () => {}, error: () => {} },
    version: '0.0.0',
    options: config,
  });
  onTestFinished(async () => {
    await drain({ ms: 0 });
    await close();
    rmSync(folder, { recursive: true });
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const shop = { name: 'Shop', url: 'https://shop.example' };
  const { value: authorization } = await useCases.services.createServiceWithKey.execute(
    operator,
    shop,
  );

  const post = async (route: string, sent: object, address = '192.0.2.7') => {
    const response = await fetch(`${url}/v1${route}`, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': 'application/json',
        'x-forwarded-for': address,
      },
      body: JSON.stringify(sent),
    });
    const { status, headers } = response;
    const body = JSON.parse(await response.text());
    return { status, retryAfter: headers.get('retry-after'), body };
  };
  const addUser = async (email: string) => {
    const user = { is_enabled: true, name: 'Ada', email, password: PASSWORD };
    const { data } = (await post('/user', user)).body;
    const key = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: data.id };
    expect((await post('/key', key)).status).toBe(200);
  };
  const login = (email: string, password = PASSWORD, address?: string) =>
    post('/auth/provider/local/login', { email, password }, address);

  /** Takes the one place until it is released. */
  const occupy = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    void inner.run(PLACE, () => promise);
    return resolve;
  };
  const nextWaiting = () =>
    new Promise<void>((resolve) => {
      onWaiting = resolve;
    });
  const get = (route: string) => fetch(`${url}${route}`);
  return { post, get, addUser, login, occupy, nextWaiting };
}

test('a request whose hash would wait too long is answered 503 with Retry-After; all else goes on', async () => {
  const { post, get, addUser, login, occupy, nextWaiting } = await start(1);
  await addUser('ada@example.com');
  await addUser('bob@example.com');
  const { access } = (await login('bob@example.com')).body;

  const release = occupy();
  const waiting = nextWaiting();
  const patient = login('ada@example.com');
  await waiting;

  // More than the tries that are free: none of them counts.
  for (let i = 0; i < 8; i += 1) {
    const { status, retryAfter, body } = await login('bob@example.com');
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'overloaded' });
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  }
  const credentials = { email: 'bob@example.com', password: PASSWORD };
  const others: [string, object][] = [
    ['/auth/provider/local/update-password', { ...credentials, new_password: 'battery staple' }],
    ['/user', { is_enabled: true, name: 'Eve', email: 'eve@example.com', password: PASSWORD }],
  ];
  for (const [route, body] of others) expect((await post(route, body)).status).toBe(503);

  expect(await (await get('/ping')).text()).toBe('Pong');
  expect((await get('/health/ready')).status).toBe(200);
  expect((await post('/auth/token/verify', { token: access.token })).status).toBe(200);
  const revoke = await post('/auth/provider/local/update-password/revoke', { token: 'none' });
  expect(revoke.body.code).toBe('invalid_one_time_token');

  release();
  expect((await patient).status).toBe(200);
  expect((await login('bob@example.com', 'wrong horse')).status).toBe(400);
  expect((await login('bob@example.com')).status).toBe(200);
});

test('a login from elsewhere is let in for the latest of many from one network', async () => {
  const { addUser, login, occupy, nextWaiting } = await start(2);
  await addUser('ada@example.com');
  await addUser('bob@example.com');
  const release = occupy();
  const crowd: ReturnType<typeof login>[] = [];
  for (let i = 0; i < 2; i += 1) {
    const waiting = nextWaiting();
    crowd.push(login('ada@example.com'));
    await waiting;
  }
  expect((await login('ada@example.com')).status).toBe(503);
  const honest = login('bob@example.com', PASSWORD, '198.51.100.7');
  expect((await Promise.race([honest, crowd[1]]))?.status).toBe(503);
  release();
  const statuses = (await Promise.all([honest, ...crowd])).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 503]);
});
