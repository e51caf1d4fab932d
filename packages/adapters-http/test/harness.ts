import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Identity, operator } from '@rekey/domain';
import {
  type Database,
  type KeptAnswer,
  type Ports,
  sealOwners,
  type UseCases,
  useCases,
} from '@rekey/usecases';
import {
  deliverAll,
  memoryDatabase,
  settings,
  tokenIn,
  watched,
  world,
} from '@rekey/usecases/testing';
import type { FastifyReply, FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import { codesOf } from '../src/docs/openapi.ts';
import { formWording } from '../src/form/index.ts';
import { createHttpServer, type HttpDeps, type HttpOptions } from '../src/index.ts';
import { type Problem, type ProblemCode, problem } from '../src/server/problem.ts';
import { v1Wording } from '../src/v1/index.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type Overrides = Partial<Omit<HttpDeps, 'options' | 'useCases'>> & {
  readonly options?: Partial<HttpOptions>;
  readonly settings?: Partial<Ports['settings']>;
  /** The page of the service; null where Rekey hosts it. */
  readonly providerLocalUrl?: string | null;
  /** Ports that stand in for those of the world. */
  readonly ports?: (ports: Ports) => Partial<Ports>;
  /** Rooms that stand in for those of the ports. */
  readonly rooms?: (ports: Ports) => Partial<UseCases>;
};

export type Rig = Awaited<ReturnType<typeof rig>>;

/** The whole server on a memory database, with one service, its key and a root key. */
export async function rig({
  options,
  ports: others,
  rooms,
  settings: more,
  providerLocalUrl = 'https://shop.example/account',
  ...overrides
}: Overrides = {}) {
  const memory = memoryDatabase();
  const { database, committed } = noted(memory);
  const { clock, totp, channels, ...wired } = world(database);
  const base: Ports = {
    ...wired,
    clock,
    totp,
    channels,
    settings: {
      ...settings,
      publicUrl: 'http://localhost:8042',
      throttle: { accountFree: 5, clientPerMinute: 30, changesPerHour: 10 },
      ...more,
    },
  };
  const ports: Ports = { ...base, ...others?.(base) };
  const all = useCases(ports);
  await all.services.openFormService.execute(operator);
  const registered = await all.services.createServiceWithKey.execute(operator, {
    name: 'Shop',
    url: 'https://shop.example',
    ...(providerLocalUrl !== null && { providerLocalUrl }),
  });
  const { value: rootKey } = await all.keys.createRootKey.execute(operator, { name: 'operator' });

  const lines: string[] = [];
  const written = new EventEmitter();
  const keep = (level: string) => (fields: object, message: string) => {
    const line = JSON.stringify({ level, ...fields, message });
    lines.push(line);
    written.emit('line', JSON.parse(line));
  };
  const server = createHttpServer({
    useCases: { ...all, ...rooms?.(ports) },
    jwks: () => ({ keys: [] }),
    isReady: async () => true,
    log: { info: keep('info'), error: keep('error') },
    version: '0.1.0',
    ...overrides,
    options: {
      publicUrl: 'http://localhost:8042',
      trustProxy: [],
      corsAllowOrigin: [],
      apiDocs: false,
      passwordPolicy: 'compat',
      brandName: 'Rekey',
      brandColor: '#2457a6',
      brandLogo: null,
      supportUrl: null,
      ...options,
    },
  });
  server.app.addHook('preSerialization', refuseUndescribed);

  const { app } = server;
  const { service, value: serviceKey } = registered;
  return {
    ...server,
    ports,
    useCases: all,
    /** The amount of hashing that was done. */
    hashing: () => wired.hasher.work(),
    clock,
    totp,
    channels,
    providers: wired.providers,
    database,
    /** How many transactions were committed. */
    commits: () => committed.length,
    /** The answers that are kept. */
    answers: () =>
      (memory.snapshot() as { keptAnswers: [string, KeptAnswer][] }).keptAnswers.map(
        ([, row]) => row,
      ),
    /** The calls of the stores in each of them, as `users.insert`. */
    committed,
    lines,
    /** The next line of the log. */
    nextLine: async (): Promise<unknown> => (await once(written, 'line'))[0],
    service,
    serviceKey,
    rootKey,

    port(): number {
      const address = app.server.address();
      if (typeof address !== 'object' || !address) throw new Error('the server does not listen');
      return address.port;
    },

    /** The key of one more service. */
    async otherServiceKey(): Promise<string> {
      const input = { name: 'Other', url: 'https://other.example' };
      return (await all.services.createServiceWithKey.execute(operator, input)).value;
    },

    /** A call of the JSON dialect, by the service. */
    json: (method: Method, url: string, body?: unknown, more: InjectOptions = {}) =>
      app.inject({
        method,
        url,
        headers: { authorization: serviceKey, ...more.headers },
        ...(body !== undefined && { payload: body as object }),
        ...(more.remoteAddress !== undefined && { remoteAddress: more.remoteAddress }),
      }),

    /** A call of the form dialect, or a form of a page. */
    form: (
      method: Method,
      url: string,
      fields: Record<string, string> | string,
      headers: Record<string, string> = {},
    ) =>
      app.inject({
        method,
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
      }),

    /** The tokens in the links of all mails that are owed. */
    async mailedTokens(): Promise<string[]> {
      const before = channels.mail.sent.length;
      await deliverAll(all);
      return channels.mail.sent.slice(before).map(({ link }) => tokenIn(link));
    },
  };
}

/** Fails where a route answers with a code that its description does not have. */
async function refuseUndescribed(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  const { method, schema, url } = request.routeOptions;
  if (reply.statusCode < 400 || !schema || schema.isHidden) return payload;
  const { code } = payload as Problem;
  if (!codesOf(String(method), schema).has(code))
    throw new Error(`${url} is not said to answer ${code}`);
  return payload;
}

/** The database, and the calls of the stores in each transaction that was committed. */
function noted(inner: Database): { database: Database; committed: readonly string[][] } {
  const committed: string[][] = [];
  return {
    committed,
    database: {
      read: (work) => inner.read(work),
      transact: async (work) => {
        const [result, verbs] = await inner.transact(async (stores) => {
          const verbs: string[] = [];
          const noting = watched(stores, (verb, call) => {
            verbs.push(verb);
            return call();
          });
          return [await work(noting), verbs] as const;
        });
        committed.push(verbs);
        return result;
      },
    },
  };
}

export const PASSWORD = 'correct horse';

/** A user of the service, with a TOKEN key. */
export async function enrolled({ json }: Rig, email = 'ada@example.com') {
  const created = await json('POST', '/v1/user', {
    is_enabled: true,
    name: 'Ada',
    email,
    password: PASSWORD,
  });
  const user = created.json().data;
  const key = await json('POST', '/v1/key', {
    is_enabled: true,
    type: 'TOKEN',
    name: 'web',
    user_id: user.id,
  });
  return { user, key: key.json().data.key };
}

/** A user of the form dialect, and the token of a login. */
export async function signedUp({ form }: Rig, email = 'orion@example.com') {
  const created = await form('POST', '/users/create', { name: 'Orion', email, password: PASSWORD });
  const login = await form('POST', '/users/login', { email, password: PASSWORD });
  return { user: created.json(), token: login.json().token as string };
}

/** A service whose people come back from providers, and a person whose address both sides have proven. */
export async function withProviders(server: Rig) {
  const { json, service, rootKey, providers } = server;
  const urls = Object.fromEntries(
    ['google', 'github', 'microsoft'].map((name) => [
      `provider_${name}_oauth2_url`,
      `https://shop.example/back/${name}`,
    ]),
  );
  await json('PATCH', `/v1/service/${service.id}`, urls, { headers: { authorization: rootKey } });
  const { user } = await enrolled(server);
  await proveAddress(server, user.email);
  const identity = (details: Partial<Identity> = {}): Identity => ({
    provider: 'github',
    issuer: 'https://github.com',
    subject: '583231',
    verifiedEmail: user.email,
    name: 'Ada',
    ...details,
  });
  /** What the person comes back with, who was sent by a GET of that path. */
  const comeBack = async (path: string, headers: Record<string, string> = {}) => {
    const { url } = (await json('GET', path, undefined, { headers })).json();
    return providers.codeFor(url, identity());
  };
  /** The header that proves the person to the service. */
  const asUser = async () => {
    const claim = { email: user.email, password: PASSWORD };
    const { access } = (await json('POST', '/v1/auth/provider/local/login', claim)).json();
    return { 'user-authorization': `token ${access.token}` };
  };
  return { user, identity, comeBack, asUser };
}

/** As if the owner of an account had pressed the button of a mail. */
export const proveAddress = ({ database, clock }: Rig, email: string): Promise<void> =>
  database.transact(async ({ users }) => {
    const found = await users.findByEmail(email);
    if (found === null) throw new Error('there is no such account');
    await users.lock(found.user.id);
    await users.markValid(found.user.id, true, clock.now());
  });

/** Gives a user a second factor, which every login takes; answers the code of it at an instant, or now. */
export async function withFactor({ database, clock, ports, totp }: Rig, userId: string) {
  const seed = ports.secrets.generateTotpSeed();
  const id = ports.ids.next();
  const expiresAt = clock.now() + 1000;
  const sealed = ports.secrets.seal(seed, sealOwners.factor(id));
  const factors = { hasTotp: true, hasPasskey: false, atPassword: true, atProvider: true };
  await database.transact(async (stores) => {
    await stores.users.lock(userId);
    const row = { id, userId, createdAt: clock.now(), expiresAt, sealed };
    await stores.factors.insertSeed({ ...row, step: null, lastUsedAt: null });
    await stores.factors.confirmSeed(id, 1, clock.now());
    await stores.users.setFactors(userId, factors, clock.now());
  });
  return (at = clock.now()) => totp.codeAt(seed, at);
}

/** A key set that comes when it is released: a request under way for as long as is needed. */
export function slowKeys() {
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const jwks = async () => {
    started.resolve();
    await released.promise;
    return { keys: [] };
  };
  return { jwks, started: started.promise, release: released.resolve };
}

/** A bare connection to a server that listens, and all that came back on it. `from`: another address of this machine. */
export async function wire(server: Pick<Rig, 'port'>, from = '127.0.0.1') {
  const socket: Socket = connect({ port: server.port(), host: '127.0.0.1', localAddress: from });
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    socket,
    received: () => received,
    send: (text: string) => socket.write(text, 'latin1'),
    /** Resolves once the text has come. */
    async until(text: string): Promise<string> {
      while (!received.includes(text)) {
        await new Promise((resolve, reject) => {
          socket.once('data', resolve);
          socket.once('close', () => reject(new Error(`closed after: ${received}`)));
        });
      }
      return received;
    },
    /** Resolves once the server has closed the connection. */
    closed: (): Promise<string> =>
      new Promise((resolve) => {
        if (socket.closed) resolve(received);
        else socket.once('close', () => resolve(received));
      }),
  };
}

/** The instant at which the clock of a rig stands. */
export const TIME = '2026-01-02T03:04:05.000Z';

/** The id of something that was made. */
export const UUID = expect.stringMatching(
  /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/,
);

/** The user that `enrolled` makes, as a service sees it. */
export const ada = {
  id: UUID,
  created_at: TIME,
  updated_at: TIME,
  is_enabled: true,
  name: 'Ada',
  email: 'ada@example.com',
  email_valid: false,
  locale: 'en',
  timezone: 'Etc/UTC',
  password_allow_reset: true,
  password_require_update: false,
  is_locked: false,
  last_login_at: null as unknown,
  attributes: {},
};

/** The whole body of a problem as the dialect words it that has the path. */
export function problemAt(url: string, code: ProblemCode, detail: string): Problem {
  const body = problem(code, detail);
  const dialect = /^\/v1\b/.test(url) ? v1Wording : /^\/users\b/.test(url) ? formWording : null;
  return { ...body, ...dialect?.problem.members?.(body) };
}

/** Fails unless the answer is this refusal of the JSON dialect, to the letter. */
export function expectRefused(
  { statusCode, headers, body }: LightMyRequestResponse,
  code: ProblemCode,
  detail: string,
): void {
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect([statusCode, JSON.parse(body)]).toStrictEqual([400, problemAt('/v1', code, detail)]);
}
