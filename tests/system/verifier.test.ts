import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import {
  type Decision,
  rekeyClient,
  requireUser,
  type VerifierOptions,
  verifier,
} from '../../packages/client/src/index.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, createService, runCli, startServer } from '../harness.ts';
import { startProxy } from './tcp-proxy.ts';

const PATIENCE = { timeout: 120_000 };
const PASSWORD = 'correct horse';
const SQLITE = 'sqlite:./data/rekey.db';
const hasPostgres = !skips((await freshPostgres()) === null, 'PostgreSQL cannot run here');
const databases = hasPostgres ? (['SQLite', 'PostgreSQL'] as const) : (['SQLite'] as const);

/** A server with a service, a proxy before it, and people who log in. */
async function prepare(database: 'SQLite' | 'PostgreSQL' = 'SQLite') {
  const folder = aFolder();
  const databaseUrl = database === 'SQLite' ? SQLITE : ((await freshPostgres()) ?? '');
  const env = { DATABASE_URL: databaseUrl };
  const { key, service } = await createService(folder, [], env);
  const server = await startServer(folder, env);
  const proxy = await startProxy(server.url);
  const rekey = rekeyClient({ url: server.url, key: key.value });
  let count = 0;
  const person = async () => {
    count += 1;
    const email = `ada${count}@example.com`;
    const { data } = await rekey.createUser({
      name: 'Ada',
      email,
      password: PASSWORD,
      token_key: true,
    });
    const logIn = async () => (await rekey.login({ email, password: PASSWORD })).access.token;
    return { id: data.id, email, logIn, token: await logIn() };
  };
  const verify = (options: Partial<VerifierOptions> = {}) => {
    const events: string[] = [];
    const decisions: Decision[] = [];
    const made = verifier({
      url: proxy.url,
      key: key.value,
      onEvent: ({ type }) => events.push(type),
      onCheck: (how) => decisions.push(how),
      ...options,
    });
    onTestFinished(() => made.close());
    return {
      ...made,
      verify: made.verify.bind(made),
      ready: () => made.ready(),
      state: () => made.state(),
      close: () => made.close(),
      events,
      decisions,
    };
  };
  return { folder, env, server, proxy, rekey, person, verify, key: key.value as string, service };
}

const eventually = (look: () => unknown) => expect.poll(look, { timeout: 60_000, interval: 10 });
const refused = (check: (token: string) => Promise<unknown>, token: string) =>
  eventually(() => check(token)).toBeNull();

describe.each(databases)('a verifier on %s', (database) => {
  test('checks tokens by itself, and refuses each that was revoked', PATIENCE, async () => {
    const { rekey, person, verify, service } = await prepare(database);
    const { verify: check, ready, decisions } = verify();
    await ready();
    const ada = await person();
    expect(await check(ada.token)).toEqual({
      userId: ada.id,
      serviceId: service.id,
      sessionId: expect.any(String),
      expiresAt: expect.any(Number),
    });
    await check(ada.token);
    expect(decisions).toEqual(['verified', 'remembered']);

    const ends: ((of: typeof ada) => Promise<unknown>)[] = [
      ({ token }) => rekey.logOut({ token }),
      ({ token }) => rekey.revokeToken({ token }),
      ({ id }) => rekey.endSessions({ user_id: id }),
      ({ id }) => rekey.updateUser({ id, is_enabled: false }),
      ({ id }) => rekey.deleteUser({ id }),
      ({ email }) =>
        rekey.updatePassword({ email, password: PASSWORD, new_password: 'battery staple' }),
    ];
    for (const end of ends) {
      const of = await person();
      expect(await check(of.token)).not.toBeNull();
      await end(of);
      await refused(check, of.token);
    }
  });

  test(
    'asks Rekey while the feed is silent, refuses what was revoked meanwhile, and comes back',
    PATIENCE,
    async () => {
      const { rekey, proxy, person, verify } = await prepare(database);
      const { verify: check, ready, decisions, events, state } = verify();
      await ready();
      const [ada, eve] = [await person(), await person()];
      await check(ada.token);
      proxy.hold();
      await eventually(() => events.includes('stale')).toBe(true);
      await rekey.logOut({ token: eve.token });
      decisions.length = 0;
      expect(await check(ada.token)).not.toBeNull();
      expect(await check(eve.token)).toBeNull();
      expect(decisions).toEqual(['asked', 'asked']);
      proxy.letGo();
      await eventually(() => state().isFresh).toBe(true);
      await eventually(async () => {
        await check(ada.token);
        return decisions.at(-1);
      }).toBe('remembered');
      expect(await check(eve.token)).toBeNull();
    },
  );

  test('goes on where the feed broke, and misses nothing', PATIENCE, async () => {
    const { rekey, proxy, person, verify } = await prepare(database);
    const { verify: check, ready, events } = verify();
    await ready();
    const ada = await person();
    await check(ada.token);
    proxy.hold();
    await rekey.logOut({ token: ada.token });
    proxy.cut();
    proxy.letGo();
    await refused(check, ada.token);
    await eventually(() => proxy.opened()).toBe(2);
    expect(proxy.asked()).toMatch(/^last-event-id: /im);
    expect(events).toContain('disconnected');
    expect(events).not.toContain('restarted');
  });
});

test(
  'a verifier knows the keys of a rotation, and those that were pruned no more',
  PATIENCE,
  async () => {
    const { folder, env, person, verify } = await prepare();
    const { verify: check, ready, decisions } = verify();
    await ready();
    const ada = await person();
    await check(ada.token);
    expect((await runCli(folder, ['keyring', 'rotate'], env)).code).toBe(0);
    const fresh = await (async () => {
      const before = JSON.parse(Buffer.from(ada.token.split('.')[0] ?? '', 'base64url').toString());
      for (;;) {
        const token = await ada.logIn();
        const now = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
        if (now.kid !== before.kid) return token;
        await pause(100);
      }
    })();
    decisions.length = 0;
    expect(await check(fresh)).not.toBeNull();
    await eventually(async () => {
      await check(fresh);
      return decisions.at(-1);
    }).toBe('remembered');
    expect(await check(ada.token)).not.toBeNull();
  },
);

test(
  'a verifier refuses what is no token of its service, and believes no more than Rekey writes',
  PATIENCE,
  async () => {
    const { folder, env, person, verify, rekey } = await prepare();
    const { verify: check, ready, decisions } = verify();
    await ready();
    const { token } = await person();
    const other = await createService(folder, [], env);
    const foreign = verify({ serviceId: other.service.id });
    await foreign.ready();
    expect(await foreign.verify(token)).toBeNull();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    for (const bad of [
      '',
      'x',
      'a.b.c',
      `${header}.${encoded({ ...claims, sub: claims.sid })}.${signature}`,
      `${encoded({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
      `${encoded({ alg: 'RS256', typ: 'at+jwt', kid })}.${payload}.${signature}`,
      `${encoded({ alg: 'EdDSA', typ: 'JWT', kid })}.${payload}.${signature}`,
      `${encoded({ alg: 'EdDSA', typ: 'at+jwt', kid, crit: ['x'] })}.${payload}.${signature}`,
      `${token}x`.slice(1),
    ]) {
      expect(await check(bad)).toBeNull();
    }
    expect(new Set(decisions)).toEqual(new Set(['refused']));
    expect(await rekey.verifyToken({ token })).toMatchObject({ user: {} });
  },
);

test('a verifier whose memory is full forgets, and is right all the same', PATIENCE, async () => {
  const { rekey, person, verify } = await prepare();
  const { verify: check, ready, state } = verify({ maxTokens: 2, maxRevocations: 1 });
  await ready();
  const people = [await person(), await person(), await person()];
  for (const { token } of people) expect(await check(token)).not.toBeNull();
  expect(state().tokens).toBe(2);
  for (const { token } of people.slice(1)) await rekey.logOut({ token });
  for (const { token } of people.slice(1)) await refused(check, token);
  expect(state().revocations).toBeLessThanOrEqual(1);
  expect(await check(people[0]?.token ?? '')).not.toBeNull();
});

test('a verifier whose key was revoked trusts nobody by itself any more', PATIENCE, async () => {
  const { person, verify, rekey, folder, env } = await prepare();
  const { verify: check, ready, events } = verify();
  await ready();
  const { token } = await person();
  expect(await check(token)).not.toBeNull();
  const { data } = await rekey.listKeys({ is_revoked: ['false'] } as never);
  const own = data.find(({ user_id }) => user_id === null);
  await runCli(folder, ['key', 'revoke', own?.id ?? '', '--yes'], env);
  await eventually(() => events.includes('stale')).toBe(true);
  await expect(check(token)).rejects.toMatchObject({ status: 401 });
});

test('requireUser lets users in, and says 401 and 503 to others', PATIENCE, async () => {
  const { person, verify, rekey, server } = await prepare();
  const made = verify();
  await made.ready();
  const guard = requireUser(made);
  const backend = createServer((request, response) => {
    guard(request, response, () => {
      response.end(JSON.stringify((request as { rekey?: unknown }).rekey));
    });
  });
  await new Promise<void>((resolve) => {
    backend.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    backend.close();
  });
  const { port } = backend.address() as { port: number };
  const get = (authorization?: string) =>
    fetch(`http://127.0.0.1:${port}`, { headers: authorization ? { authorization } : {} });
  const { id, token } = await person();
  expect((await get()).status).toBe(401);
  const bad = await get('Bearer x');
  expect(bad.status).toBe(401);
  expect(bad.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  expect(await (await get(`Bearer ${token}`)).json()).toMatchObject({ userId: id });
  await rekey.logOut({ token });
  await eventually(async () => (await get(`Bearer ${token}`)).status).toBe(401);
  const { token: other } = await person();
  server.signal('SIGKILL');
  await server.exit;
  await eventually(() => made.events.includes('stale')).toBe(true);
  expect((await get(`Bearer ${other}`)).status).toBe(503);
});
