import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import {
  type Decision,
  rekeyClient,
  requireUser,
  userOf,
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
      await eventually(() => state().isFresh).toBe(false);
      await eventually(() => events).toContain('stale');
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

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

/** For the keys of the file: a new one is used, and an old one can be removed. */
function threeMinutesPass(folder: string): void {
  const file = path.join(folder, 'data/keys.json');
  const { version, ...lists } = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of Object.values<{ createdAt: number }[]>(lists).flat()) key.createdAt -= 180_000;
  writeFileSync(file, JSON.stringify({ version, ...lists }));
}

test(
  'a verifier knows the keys of a rotation, and those that were pruned no more',
  PATIENCE,
  async () => {
    const { folder, env, server, person, verify } = await prepare();
    const [one, two] = [verify(), verify()];
    await Promise.all([one.ready(), two.ready()]);
    const ada = await person();
    for (const each of [one, two]) await each.verify(ada.token);
    expect((await runCli(folder, ['keyring', 'rotate'], env)).code).toBe(0);
    threeMinutesPass(folder);
    let fresh = ada.token;
    await eventually(async () => {
      fresh = await ada.logIn();
      return kidOf(fresh);
    }).not.toBe(kidOf(ada.token));
    one.decisions.length = 0;
    expect(await one.verify(fresh)).not.toBeNull();
    await eventually(async () => {
      await one.verify(fresh);
      return one.decisions.at(-1);
    }).toBe('remembered');
    expect(await one.verify(ada.token)).not.toBeNull();

    const prune = ['keyring', 'prune', '--ending', 'signing', '--yes'];
    expect((await runCli(folder, prune, env)).stdout).toContain(kidOf(ada.token));
    const published = async () =>
      (await fetch(`${server.url}/.well-known/jwks.json`)).text().then(JSON.parse);
    await eventually(published).toEqual({
      keys: [expect.objectContaining({ kid: kidOf(fresh) })],
    });
    // It meets the new key now, and reads the keys.
    await eventually(async () => {
      await two.verify(fresh);
      return two.decisions.at(-1);
    }).toBe('remembered');
    expect(await two.verify(ada.token)).toBeNull();
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
      // The bits of the signature are as they were.
      `${token}~`,
      `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`,
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

test(
  'a verifier begins anew after a database came back from a backup, and asks Rekey about every token from before',
  PATIENCE,
  async () => {
    const { folder, env, server: first, rekey, person, verify } = await prepare();
    const here = { ...env, PORT: new URL(first.url).port };
    const [data, backup] = ['data', 'backup'].map((name) => path.join(folder, name));
    if (data === undefined || backup === undefined) throw new Error('there are two');
    const ada = await person();
    first.signal('SIGTERM');
    await first.exit;
    cpSync(data, backup, { recursive: true });
    const second = await startServer(folder, here);

    const { verify: check, ready, decisions, events, state } = verify();
    await ready();
    const later = await ada.logIn();
    for (const token of [ada.token, later]) expect(await check(token)).not.toBeNull();
    const ended = await ada.logIn();
    await rekey.logOut({ token: ended });
    await refused(check, ended);
    second.signal('SIGTERM');
    await second.exit;
    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true });
    await startServer(folder, here);

    await eventually(() => events).toContain('restarted');
    await eventually(() => state().isFresh).toBe(true);
    decisions.length = 0;
    expect(await check(ada.token)).not.toBeNull();
    // Rekey knows nothing of these any more.
    for (const token of [later, ended]) expect(await check(token)).toBeNull();
    expect(decisions).toEqual(['asked', 'asked', 'asked']);
  },
);

type Guard = ReturnType<typeof requireUser>;

/** Backends that answer with the user whom `requireUser` let in. */
const backends: Record<string, (guard: Guard) => Promise<Server>> = {
  Express: async (guard) => {
    const app = express();
    app.use('/api', guard);
    app.get('/api/me', (request, response) => {
      response.json(userOf(request));
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  },
  Fastify: async (guard) => {
    const app = fastify();
    app.addHook('onRequest', guard);
    app.get('/api/me', async (request) => userOf(request));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app.server;
  },
};

test.each(Object.entries(backends))(
  'requireUser in %s lets users in, and nobody with a token that is missing, forged, of another service, over or revoked, nor where nobody can tell',
  PATIENCE,
  async (_name, listen) => {
    const { person, verify, rekey, server, folder, env } = await prepare();
    const made = verify();
    await made.ready();
    const backend = await listen(requireUser(made));
    onTestFinished(() => {
      backend.closeAllConnections();
      backend.close();
    });
    const { port } = backend.address() as AddressInfo;
    const get = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(`http://127.0.0.1:${port}/api/me`, { headers });
      const { status } = response;
      const body = JSON.parse(await response.text());
      if (status === 200) return { status, body };
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ status });
      const [challenge, retryAfter] = ['www-authenticate', 'retry-after'].map((name) =>
        response.headers.get(name),
      );
      return { status, challenge, retryAfter };
    };
    const missing = { status: 401, challenge: 'Bearer', retryAfter: null };
    const bad = { ...missing, challenge: 'Bearer error="invalid_token"' };

    const { id, token, logIn } = await person();
    expect(await get(`Bearer ${token}`)).toMatchObject({ status: 200, body: { userId: id } });
    expect(await get(`bearer  ${token}`)).toMatchObject({ status: 200 });
    for (const none of [undefined, '', token, `Basic ${token}`, 'Bearer ', `Bearer ${token} x`]) {
      expect(await get(none)).toEqual(missing);
    }
    expect(await get('Bearer x')).toEqual(bad);
    expect(await get(`Bearer ${token.slice(0, -2)}`)).toEqual(bad);

    const other = await createService(folder, [], env);
    const there = rekeyClient({ url: server.url, key: other.key.value });
    const eve = { name: 'Eve', email: 'eve@example.com', password: PASSWORD };
    await there.createUser({ ...eve, token_key: true });
    const { access } = await there.login({ email: eve.email, password: PASSWORD });
    expect(await get(`Bearer ${access.token}`)).toEqual(bad);

    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    // Access tokens are good for an hour.
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await get(`Bearer ${token}`)).toEqual(bad);
    vi.useRealTimers();

    const next = await logIn();
    expect(await get(`Bearer ${next}`)).toMatchObject({ status: 200 });
    await rekey.logOut({ token: next });
    await eventually(() => get(`Bearer ${next}`)).toEqual(bad);

    const last = await logIn();
    server.signal('SIGKILL');
    await server.exit;
    await eventually(() => made.state().isFresh).toBe(false);
    expect(await get(`Bearer ${last}`)).toEqual({ status: 503, challenge: null, retryAfter: '1' });
  },
);

const FORM_SERVICE = '00000000-0000-7000-8000-000000000001';

/** A server whose people log in by forms, and a verifier of their tokens. */
async function prepareForms(env: Record<string, string>, options: Partial<VerifierOptions> = {}) {
  const folder = aFolder();
  const server = await startServer(folder, env);
  const cli = async (...args: string[]) => {
    const { code, stdout } = await runCli(folder, [...args, '--json'], env);
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };
  const key = (await cli('key', 'create', 'backend', '--service', FORM_SERVICE)).value;
  const post = async (path: string, fields: Record<string, string>, token = '') => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    const body = new URLSearchParams(fields);
    const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
    expect(response.ok).toBe(true);
    return JSON.parse((await response.text()) || 'null');
  };
  const orion = { name: 'Orion', email: 'orion@example.com', password: PASSWORD };
  const { hash } = await post('/users/create', orion);
  const logIn = async () => (await post('/users/login', orion)).token as string;
  const decisions: Decision[] = [];
  const made = verifier({
    url: server.url,
    key,
    // Tests that are not about silence must not run into it.
    maxStalenessMs: 15_000,
    onCheck: (how) => decisions.push(how),
    ...options,
  });
  onTestFinished(() => made.close());
  await made.ready();
  const check = (token: string) => made.verify(token);
  const ask = (token: string) => made.ask(token);
  return { server, folder, env, cli, post, orion, hash, logIn, check, ask, decisions };
}

test.each(['EdDSA', 'RS256'])(
  'a verifier with a key of the built-in service checks the tokens of people by itself, signed with %s, and refuses each that was revoked',
  PATIENCE,
  async (alg) => {
    const env = { USERS_TOKEN: 'signed', USERS_TOKEN_ALG: alg, USERS_ISSUER: 'orion-users' };
    const prepared = await prepareForms(env, { issuer: env.USERS_ISSUER });
    const { cli, post, orion, hash, logIn, check, ask, decisions } = prepared;
    const token = await logIn();
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg,
      typ: 'at+jwt',
      kid: expect.any(String),
    });
    expect(await check(token)).toEqual({
      userId: hash,
      serviceId: FORM_SERVICE,
      sessionId: expect.any(String),
      expiresAt: expect.any(Number),
    });
    await check(token);
    expect(decisions).toEqual(['verified', 'remembered']);

    await post('/users/logout', {}, token);
    await refused(check, token);
    const ends: ((token: string) => Promise<unknown>)[] = [
      () => cli('user', 'grant', orion.email, 'admin'),
      () => cli('user', 'revoke', orion.email, 'admin'),
      (token) => post('/users/delete', { email: orion.email, password: PASSWORD }, token),
    ];
    for (const end of ends) {
      const next = await logIn();
      expect(await check(next)).toMatchObject({ userId: hash });
      expect(await ask(next)).toMatchObject({ userId: hash });
      await end(next);
      expect(await ask(next)).toBeNull();
      await refused(check, next);
    }
  },
);

test('a verifier with a key of the built-in service knows the issuer where nobody chose another one, and believes no token of a service', async () => {
  const prepared = await prepareForms({ USERS_TOKEN: 'signed' });
  const { folder, env, server, hash, logIn, check, decisions } = prepared;
  expect(await check(await logIn())).toMatchObject({ userId: hash });
  const { key } = await createService(folder, [], env);
  const shop = rekeyClient({ url: server.url, key: key.value });
  const ada = { email: 'ada@example.com', password: PASSWORD };
  await shop.createUser({ name: 'Ada', ...ada, token_key: true });
  expect(await check((await shop.login(ada)).access.token)).toBeNull();
  expect(decisions).toEqual(['verified', 'refused']);
});

test('a verifier asks Rekey about each token of people that is encrypted', async () => {
  const { hash, logIn, post, check, decisions } = await prepareForms({});
  const token = await logIn();
  for (const _time of ['first', 'second']) {
    expect(await check(token)).toEqual({
      userId: hash,
      serviceId: FORM_SERVICE,
      sessionId: null,
      expiresAt: expect.any(Number),
    });
  }
  await post('/users/logout', {}, token);
  expect(await check(token)).toBeNull();
  expect(decisions).toEqual(['asked', 'asked', 'asked']);
});
