import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import nodemailer from 'nodemailer';
import { appends, auditSize } from './appends.ts';
import { Connection, load, request, type Shot, timed } from './client.ts';
import { enumeration } from './enumeration.ts';
import { following } from './events.ts';
import {
  type Benchmark,
  type Effort,
  figure,
  type Latency,
  latencyOf,
  least,
  most,
  type Row,
  rounds,
  row,
} from './figures.ts';
import { importing } from './import.ts';
import { lists } from './lists.ts';
import { startBare, startBetterAuth, startOidcProvider } from './peers.ts';
import {
  aFolder,
  cpuOf,
  makeBundle,
  memoryOf,
  type Server,
  startHelper,
  startPostgres,
  startServer,
} from './processes.ts';
import type { Question, Reply } from './raw-bcrypt.ts';
import {
  around,
  creations,
  type Data,
  fill,
  formUpdates,
  KNOWN,
  keyVerifications,
  loginOf,
  logins,
  PASSWORD,
  revocations,
  SCOPES,
  startRekey,
  tokenVerifications,
  updates,
  userReads,
} from './rekey.ts';
import { revoking } from './revocations.ts';
import { simulate } from './simulation.ts';
import { verifying } from './verifier.ts';
import { webhooks } from './webhooks.ts';

const helper = (name: string) => path.join(import.meta.dirname, name);
const startRaw = () =>
  startHelper<Question, Reply>(helper('raw-bcrypt.ts'), { UV_THREADPOOL_SIZE: '4' });

/** How many at a time keep a server busy that shares two cores with the client. */
const BUSY = 16;

/** How many log in at a time from one network, and where that is: no honest login comes from there. */
const CROWD = 75;
const CROWD_ADDRESS = '192.0.2.75';

/** The cost of answering at all: Fastify with the hashes and nothing else. */
const BARE = 'Fastify and the hash';

async function hashBound(
  effort: Effort,
  kind: 'login' | 'update-password' | 'form',
  cost: number,
  atATime: readonly number[],
  options: { postgres?: boolean; peers?: boolean } = {},
): Promise<Row[]> {
  const postgres = options.postgres ? await startPostgres() : null;
  const data = await fill((await postgres?.fresh()) ?? null, cost, { users: 1000 });
  const server = await startRekey(data);
  const raw = await startRaw();
  const bare = options.peers ? await startBare({ COST: String(cost) }) : null;
  const peer = options.peers ? await startBetterAuth(cost, 100) : null;
  const work = kind === 'login' ? 'compare' : 'pair';
  const next = await shotsOf(kind, data);
  // Of its own: a change that is only said to be made would leave the others with the wrong password.
  const bareNext = bare && (await shotsOf(kind, data));
  const peerNext = kind === 'login' ? peer?.signIns : await peer?.changes();
  const ms = (cost >= 12 ? 8000 : 4000) * effort.scale;
  // A pair waits twice behind all others: until each has been through once, nothing comes out, or all at once.
  const once = (await raw.ask({ work, cost, inFlight: 1, ms: 0 })).p50;
  const limit = `bcrypt alone, ${work}s`;
  const on = options.postgres ? ', PostgreSQL' : '';
  const rows: Row[] = [];
  for (const connections of atATime) {
    const what = `${kind}${on}, cost ${cost}, ${connections} at a time`;
    const warm = 400 + (connections * once) / availableParallelism();
    const at = async (url: string, shots: () => Shot) =>
      (await load(url, { connections, ms, warm }, shots)).perSecond;
    const got = await rounds(effort.rounds, {
      rekey: () => at(server.url, next),
      raw: async () => (await raw.ask({ work, cost, inFlight: connections, ms, warm })).perSecond,
      bare: async () => (bare && bareNext ? at(bare.url, bareNext) : 0),
      peer: async () => (peer && peerNext ? at(peer.url, peerNext) : 0),
    });
    const goal = connections > 1 && kind !== 'form' ? least(cost >= 12 ? 0.97 : 0.95) : undefined;
    rows.push(row(what, '1/s', got.rekey, limit, got.raw, goal));
    if (bare) rows.push(row(what, '1/s', got.rekey, BARE, got.bare));
    if (peer) rows.push(row(what, '1/s', got.rekey, 'better-auth', got.peer));
  }

  // One at a time, turn by turn: the time above the hash is a small difference of large numbers.
  const taken = { rekey: [] as number[], bare: [] as number[], peer: [] as number[] };
  const alone: number[] = [];
  const mine = await Connection.open(server.url);
  const barely = bare && (await Connection.open(bare.url));
  const theirs = peer && (await Connection.open(peer.url));
  const turns = Math.max(5, Math.round((cost >= 12 ? 25 : 80) * effort.scale));
  for (let turn = 0; turn < turns; turn += 1) {
    alone.push((await raw.ask({ work, cost, inFlight: 1, ms: 0 })).p50);
    taken.rekey.push(await timed(mine, next()));
    if (barely && bareNext) taken.bare.push(await timed(barely, bareNext()));
    if (theirs && peerNext) taken.peer.push(await timed(theirs, peerNext()));
  }
  const base = figure(alone).median;
  const overhead = (values: readonly number[]) => [figure(values).median - base];
  const label = `${kind}${on}, cost ${cost}: time above the hash`;
  const mineAbove = overhead(taken.rekey);
  if (options.peers) {
    const goal = { of: 'rekey', most: 1.5 } as const;
    rows.push(row(label, 'ms', mineAbove, BARE, overhead(taken.bare), goal));
    rows.push(row(label, 'ms', mineAbove, 'better-auth', overhead(taken.peer)));
  } else rows.push(row(label, 'ms', mineAbove, 'the hash', [base]));
  for (const connection of [mine, barely, theirs]) connection?.close();
  raw.stop();
  await Promise.all([server.stop(), bare?.stop(), peer?.stop(), postgres?.stop()]);
  return rows;
}

async function shotsOf(
  kind: 'login' | 'update-password' | 'form',
  data: Data,
): Promise<() => Shot> {
  if (kind === 'login') return logins(data);
  if (kind === 'update-password') return updates(data);
  // A login of the form dialect makes an encrypted token; here each user brings one.
  const tokens = Array.from({ length: 300 }, (_, index) => data.token(index + 1, 'encrypted'));
  return formUpdates(await Promise.all(tokens));
}

/** Requests a second, and besides them the processor time of each, which other work on the machine disturbs less. */
async function throughput(of: Server | readonly Server[], ms: number, next: () => Shot) {
  const servers = [of].flat();
  const cpu = () => servers.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const before = cpu();
  const warm = 300;
  const begin = performance.now();
  const urls = servers.map(({ url }) => url);
  const { perSecond } = await load(urls, { connections: BUSY, ms, warm }, next);
  const seconds = (performance.now() - begin) / 1000;
  return { perSecond, micros: ((cpu() - before) * 1e6) / (perSecond * seconds) };
}

const verify: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 10_000 });
  const server = await startRekey(data);
  const bare = await startBare();
  const betterAuth = await startBetterAuth(10, 20);
  const oidc = await startOidcProvider();
  const ms = 3000 * effort.scale;
  const rows: Row[] = [];
  const cases = [
    ['token verify', await tokenVerifications(data)],
    ['key verify', keyVerifications()],
  ] as const;
  const sessionReads = await betterAuth.sessionReads();
  // A service asks about the same tokens again and again: each signature was seen before.
  for (const [, next] of cases) await throughput(server, 3000, next);
  for (const [what, next] of cases) {
    const micros = { rekey: [] as number[], bare: [] as number[] };
    const mine = async (side: 'rekey' | 'bare', of: Server) => {
      const got = await throughput(of, ms, next);
      micros[side].push(got.micros);
      return got.perSecond;
    };
    const got = await rounds(effort.rounds, {
      rekey: () => mine('rekey', server),
      bare: () => mine('bare', bare),
      betterAuth: async () => (await throughput(betterAuth, ms, sessionReads)).perSecond,
      oidc: async () => (await throughput(oidc, ms, oidc.introspections)).perSecond,
    });
    rows.push(
      row(what, '1/s', got.rekey, 'bare Fastify', got.bare, least(0.6)),
      row(`${what}: processor time`, 'us', micros.rekey, 'bare Fastify', micros.bare),
      row(what, '1/s', got.rekey, 'better-auth get-session', got.betterAuth, least(20)),
      row(what, '1/s', got.rekey, 'oidc-provider introspection', got.oidc),
    );
  }
  await Promise.all([bare.stop(), betterAuth.stop(), oidc.stop()]);

  const forgetful = await startRekey(data, {}, ['--import', helper('forgetful.ts')]);
  const plain = keyVerifications();
  const scoped = keyVerifications(SCOPES);
  for (const each of [server, forgetful]) await throughput(each, 3000, scoped);
  const perSecond = async (of: Server, next: () => Shot) =>
    (await throughput(of, ms, next)).perSecond;
  const got = await rounds(effort.rounds, {
    scoped: () => perSecond(server, scoped),
    plain: () => perSecond(server, plain),
    unnoted: () => perSecond(forgetful, plain),
  });
  const what = 'key verify with scopes and last use';
  rows.push(
    row(what, '1/s', got.scoped, 'without scopes', got.plain, least(0.95)),
    row(what, '1/s', got.scoped, 'without either', got.unnoted, least(0.95)),
  );
  await Promise.all([server.stop(), forgetful.stop()]);
  return rows;
};

const revoke: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 200_000 });
  const server = await startRekey(data);
  const bare = await startBare();
  // Each link is good once; bare Fastify, which does not look, would use them all up.
  const [next, looksAlike] = [revocations(data), revocations(data)];
  const rows: Row[] = [];
  for (const connections of [1, 8]) {
    const at = async (url: string, shots: () => Shot) =>
      (await load(url, { connections, ms: 1500 * effort.scale, warm: 200 }, shots)).perSecond;
    const got = await rounds(effort.rounds, {
      rekey: () => at(server.url, next),
      bare: () => at(bare.url, looksAlike),
    });
    rows.push(row(`revoke, ${connections} at a time`, '1/s', got.rekey, 'bare Fastify', got.bare));
  }
  await Promise.all([server.stop(), bare.stop()]);
  return rows;
};

const flood: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 10_000 });
  const server = await startRekey(data);
  const kinds: Record<string, () => Shot> = {
    '/ping': around([request('GET', '/ping', {})]),
    'token verify': await tokenVerifications(data),
    'user read': userReads(data),
  };
  const next = logins(data);
  const ms = 6000 * effort.scale;
  const names = Object.keys(kinds);
  const taken = { flood: [] as Probes[], idle: [] as Probes[], busy: [] as Probes[] };
  for (let round = 0; round < effort.rounds; round += 1) {
    taken.idle.push(await probes(server.url, kinds, ms));
    const loops = await Promise.all(
      Array.from({ length: availableParallelism() }, () => startHelper(helper('busy.ts'))),
    );
    taken.busy.push(await probes(server.url, kinds, ms));
    for (const loop of loops) loop.stop();
    const logging = load(server.url, { connections: BUSY, ms: ms + 500, warm: 0 }, next);
    await setTimeout(300);
    taken.flood.push(await probes(server.url, kinds, ms));
    await logging;
  }
  await server.stop();
  return names.flatMap((name) =>
    (['p50', 'p99'] as const).flatMap((which) => {
      const what = `${name} while ${BUSY} log in, ${which}`;
      const of = (all: readonly Probes[]) => all.map((of) => of.get(name)?.[which] ?? Number.NaN);
      const goal = which === 'p99' && name !== 'user read' ? most(2) : undefined;
      return [
        row(what, 'ms', of(taken.flood), 'an idle server', of(taken.idle), goal),
        row(what, 'ms', of(taken.flood), 'beside loops of low priority', of(taken.busy)),
      ];
    }),
  );
};

/** How long a login takes that shares the server with a crowd of right logins from one network, and nothing else. */
const unfair: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 10_000 });
  const server = await startRekey(data);
  const honest = { login: logins(data) };
  const crowd = around([loginOf(1, CROWD_ADDRESS)]);
  const ms = 6000 * effort.scale;
  const taken = { among: [] as Latency[], idle: [] as Latency[] };
  const probe = async () => (await probes(server.url, honest, ms)).get('login') ?? latencyOf([]);
  await probe();
  for (let round = 0; round < effort.rounds; round += 1) {
    taken.idle.push(await probe());
    const options = { connections: CROWD, ms: ms + 1000, warm: 0 };
    const logging = load(server.url, options, crowd);
    await setTimeout(600);
    taken.among.push(await probe());
    await logging;
  }
  await server.stop();
  return (['p50', 'p99'] as const).map((which) => {
    const of = (all: readonly Latency[]) => all.map((each) => each[which]);
    const what = `login while ${CROWD} of one network log in, ${which}`;
    return row(what, 'ms', of(taken.among), 'an idle server', of(taken.idle), most(3));
  });
};

type Probes = Map<string, Latency>;

/** Asks one after the other, every few milliseconds, as somebody would who is not in a hurry. */
async function probes(url: string, kinds: Record<string, () => Shot>, ms: number): Promise<Probes> {
  const connection = await Connection.open(url);
  const end = performance.now() + ms;
  const taken = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
  while (performance.now() < end) {
    for (const [name, next] of Object.entries(kinds)) {
      taken.get(name)?.push(await timed(connection, next()));
      await setTimeout(2);
    }
  }
  connection.close();
  return new Map([...taken].map(([name, values]) => [name, latencyOf(values)]));
}

const growth: Benchmark = async (effort) => {
  const sizes = [{ users: 1000 }, { users: effort.most, sessions: 10, audits: 1 }];
  const [small, large] = await Promise.all(
    sizes.map(async (size) => {
      const data = await fill(null, 10, size);
      const server = await startRekey(data);
      return {
        server,
        connection: await Connection.open(server.url),
        shots: {
          login: logins(data),
          // More tokens than signatures are remembered would be signatures measured.
          'token verify': await tokenVerifications(data),
          'user read': userReads(data),
        },
      };
    }),
  );
  if (!small || !large) throw new Error('two sizes');
  const raw = await startRaw();
  const label = `with ${effort.most} users, ${effort.most * 10} sessions and ${effort.most} entries of the audit`;
  const rows: Row[] = [];
  for (const name of ['login', 'token verify', 'user read'] as const) {
    const isLogin = name === 'login';
    const turns = Math.max(5, Math.round((isLogin ? 60 : 3000) * effort.scale));
    const p50 = async (side: typeof small) => {
      const values: number[] = [];
      for (let turn = 0; turn < turns; turn += 1) {
        values.push(await timed(side.connection, side.shots[name]()));
      }
      return figure(values).median;
    };
    if (isLogin) {
      const values = { small: [] as number[], large: [] as number[], raw: [] as number[] };
      for (let turn = 0; turn < turns * effort.rounds; turn += 1) {
        const question = { work: 'compare', cost: 10, inFlight: 1, ms: 0 } as const;
        values.raw.push((await raw.ask(question)).p50);
        values.small.push(await timed(small.connection, small.shots.login()));
        values.large.push(await timed(large.connection, large.shots.login()));
      }
      const base = figure(values.raw).median;
      rows.push(
        row(
          `login above the hash, p50, ${label}`,
          'ms',
          [figure(values.large).median - base],
          'with 1000 users',
          [figure(values.small).median - base],
          most(1.2),
        ),
      );
      continue;
    }
    await Promise.all([p50(small), p50(large)]);
    const got = await rounds(effort.rounds, { large: () => p50(large), small: () => p50(small) });
    rows.push(
      row(`${name}, p50, ${label}`, 'ms', got.large, 'with 1000 users', got.small, most(1.2)),
    );
  }
  raw.stop();
  for (const { connection, server } of [small, large]) {
    connection.close();
    await server.stop();
  }
  return rows;
};

const start: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 1000 });
  const tokens = await tokenVerifications(data);
  const rows: Row[] = [];
  const startsOf = async (begin: () => Promise<Server>) => {
    const server = await begin();
    await server.stop();
    return server.readyAfter;
  };
  const bareEnv = () => ({ SQLITE: path.join(aFolder(), 'bare.db') });
  const main = path.join(import.meta.dirname, '../../apps/server/src/main.ts');
  const bundle = makeBundle();
  const asIt = { ready: '/ping' };
  const times = Math.max(3, Math.round(9 * effort.scale));
  const got = await rounds(times, {
    source: () => startsOf(() => startServer(main, data.env, asIt)),
    image: () => startsOf(() => startServer(bundle, data.env, asIt)),
    bare: () => startsOf(() => startBare(bareEnv())),
  });
  // The first start of each reads its files from the disk.
  const warm = (values: number[]) => values.slice(1);
  const bareName = 'bare Fastify with better-sqlite3';
  rows.push(
    row(
      'start to the first 200, sources',
      'ms',
      warm(got.source),
      bareName,
      warm(got.bare),
      most(2.5),
    ),
    row(
      'start to the first 200, as in the image',
      'ms',
      warm(got.image),
      bareName,
      warm(got.bare),
      most(1.3),
    ),
  );
  const memoryAfter = async (server: Server) => {
    await setTimeout(1500 * effort.scale);
    await load(server.url, { connections: BUSY, ms: 4000 * effort.scale, warm: 100 }, tokens);
    const memory = memoryOf(server.pid);
    await server.stop();
    return memory;
  };
  const memory = await rounds(Math.min(3, effort.rounds), {
    source: async () => memoryAfter(await startRekey(data)),
    image: async () => memoryAfter(await startServer(bundle, data.env, asIt)),
    bare: async () => memoryAfter(await startBare(bareEnv())),
  });
  rows.push(
    row('resident memory after load, sources', 'MB', memory.source, bareName, memory.bare),
    row(
      'resident memory after load, as in the image',
      'MB',
      memory.image,
      bareName,
      memory.bare,
      most(1.4),
    ),
  );
  return rows;
};

/** Longer than the thread that judges passwords waits for work. */
const REST_MS = 62_000;

/** The first change of a password after a rest beside those that follow, and the memory after ten of them. */
const meter: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 1000 });
  const server = await startServer(makeBundle(), data.env, { ready: '/ping' });
  const next = updates(data);
  const connection = await Connection.open(server.url);
  const change = async () => {
    const before = cpuOf(server.pid);
    const ms = await timed(connection, next());
    return { ms, cpu: (cpuOf(server.pid) - before) * 1000 };
  };
  const changes = async () => {
    const all = [];
    while (all.length < 10) all.push(await change());
    return all;
  };
  const fresh = await changes();
  const memory = [memoryOf(server.pid)];
  const first = { ms: [] as number[], cpu: [] as number[] };
  const later = { ms: [] as number[], cpu: [] as number[] };
  for (let round = 0; round < Math.min(3, effort.rounds); round += 1) {
    await setTimeout(REST_MS);
    const [one, ...others] = await changes();
    for (const which of ['ms', 'cpu'] as const) {
      if (one) first[which].push(one[which]);
      later[which].push(figure(others.map((each) => each[which])).median);
    }
    memory.push(memoryOf(server.pid));
  }
  connection.close();
  await server.stop();
  const what = 'the first change after a minute of rest';
  const [begun, ...others] = fresh.map(({ ms }) => ms);
  const goal = { of: 'rekey', most: 160 } as const;
  return [
    row(what, 'ms', first.ms, 'the next ones', later.ms, most(1.3)),
    row(`${what}: processor time`, 'ms', first.cpu, 'the next ones', later.cpu),
    row('the first change of a fresh server', 'ms', [begun ?? 0], 'the next ones', [
      figure(others).median,
    ]),
    row(
      'resident memory after ten changes, as in the image',
      'MB',
      memory,
      'the goal',
      memory.map(() => 160),
      goal,
    ),
  ];
};

const mails: Benchmark = async (effort) => {
  const count = Math.max(200, Math.round(4000 * effort.scale));
  const sink = await startHelper<object, { port: number; taken: number }>(helper('smtp-sink.ts'));
  const { port } = await sink.ask({});
  const SMTP_URL = `smtp://127.0.0.1:${port}`;
  const until = async (all: number) => {
    while ((await sink.ask({})).taken < all) await setTimeout(5);
  };
  const millis = { rekey: [] as number[], raw: [] as number[] };
  const got = await rounds(Math.min(3, effort.rounds), {
    rekey: async () => {
      const data = await fill(null, 10, { users: count, mails: count });
      const { taken } = await sink.ask({});
      const server = await startRekey(data, { SMTP_URL });
      // From the first mail on: the start is measured elsewhere.
      await until(taken + 1);
      const begin = performance.now();
      const before = cpuOf(server.pid);
      await until(taken + count);
      const perSecond = (count * 1000) / (performance.now() - begin);
      millis.rekey.push(((cpuOf(server.pid) - before) * 1000) / count);
      await server.stop();
      return perSecond;
    },
    raw: async () => {
      const transport = nodemailer.createTransport({
        host: '127.0.0.1',
        port,
        pool: true,
        maxConnections: 8,
        maxMessages: Number.POSITIVE_INFINITY,
        ignoreTLS: true,
      });
      const begin = performance.now();
      const before = process.cpuUsage();
      await Promise.all(
        Array.from({ length: count }, () =>
          transport.sendMail({
            from: 'a@b.example',
            to: 'c@d.example',
            subject: 's',
            text: 'x'.repeat(1000),
          }),
        ),
      );
      const perSecond = (count * 1000) / (performance.now() - begin);
      const { user, system } = process.cpuUsage(before);
      millis.raw.push((user + system) / 1000 / count);
      transport.close();
      return perSecond;
    },
  });
  sink.stop();
  const what = 'mails out of the outbox';
  const beside = 'nodemailer alone, 8 connections';
  const goal = { of: 'rekey', least: 300 } as const;
  return [
    row(what, '1/s', got.rekey, beside, got.raw, goal),
    row(`${what}: processor time`, 'ms', millis.rekey, beside, millis.raw),
  ];
};

const processes: Benchmark = async (effort) => {
  const postgres = await startPostgres();
  const data = await fill(await postgres.fresh(), 10, { users: 10_000 });
  const servers = [
    await startRekey(data),
    await startRekey(data),
    await startRekey(data),
    await startRekey(data),
  ];
  const next = { 'token verify': await tokenVerifications(data), login: logins(data) };
  for (const server of servers) await showAll(server, next['token verify'], KNOWN);
  const rows: Row[] = [];
  for (const [what, shots] of Object.entries(next)) {
    const micros = { one: [] as number[], two: [] as number[], four: [] as number[] };
    const on = (count: 1 | 2 | 4, side: keyof typeof micros) => async () => {
      const got = await throughput(servers.slice(0, count), 3000 * effort.scale, shots);
      micros[side].push(got.micros);
      return got.perSecond;
    };
    const got = await rounds(effort.rounds, {
      one: on(1, 'one'),
      two: on(2, 'two'),
      four: on(4, 'four'),
    });
    for (const side of ['two', 'four'] as const) {
      const named = `${what}, PostgreSQL, ${side} processes`;
      rows.push(row(named, '1/s', got[side], 'one process', got.one));
      // With a core for each and no more work for one request, two do 1.8 times as much and more.
      const goal = what === 'token verify' && side === 'two' ? most(2 / 1.8) : undefined;
      const of = `${named}: processor time of each`;
      rows.push(row(of, 'us', micros[side], 'one process', micros.one, goal));
    }
  }
  for (const server of servers) await server.stop();
  await postgres.stop();
  return rows;
};

/** Logins on one, two and four servers of this machine beside what a simulation makes of the times of one of them. */
const simulated: Benchmark = async (effort) => {
  const postgres = await startPostgres();
  const data = await fill(await postgres.fresh(), 10, { users: 10_000 });
  const servers = [];
  for (const _ of [1, 2, 3, 4]) servers.push(await startRekey(data));
  const [first] = servers as [Server];
  const raw = await startRaw();
  const next = logins(data);
  const connection = await Connection.open(first.url);
  const turns = Math.max(10, Math.round(80 * effort.scale));
  const taken = { hash: [] as number[], login: [] as number[] };
  await timed(connection, next());
  const before = cpuOf(first.pid);
  for (let turn = 0; turn < turns; turn += 1) {
    taken.login.push(await timed(connection, next()));
    taken.hash.push((await raw.ask({ work: 'compare', cost: 10, inFlight: 1, ms: 0 })).p50);
  }
  const cpuMs = ((cpuOf(first.pid) - before) * 1000) / turns;
  connection.close();
  const [hashMs, wholeMs] = [figure(taken.hash).median, figure(taken.login).median];
  const loginMs = Math.max(0.1, cpuMs - hashMs);
  const commitMs = Math.max(0, (wholeMs - hashMs - loginMs) / 2);
  const costs = { hashMs, loginMs, commitMs, checkMs: 0.1 };
  const rows: Row[] = [];
  for (const count of [1, 2, 4]) {
    const urls = servers.slice(0, count).map(({ url }) => url);
    const options = { connections: BUSY, ms: 8000 * effort.scale, warm: 1000 };
    const got = await load(urls, options, next);
    const machines = { count: 1, cores: availableParallelism(), servers: count };
    const told = simulate(costs, machines, { clients: { login: BUSY } }).kinds.login;
    const what = `logins on ${count} ${count === 1 ? 'server' : 'servers'}, ${BUSY} at a time`;
    rows.push(
      row(what, '1/s', [got.perSecond], 'as simulated', [told.perSecond]),
      row(`${what}, p50`, 'ms', [got.p50], 'as simulated', [told.p50]),
      row(`${what}, p99`, 'ms', [got.p99], 'as simulated', [told.p99]),
    );
  }
  raw.stop();
  for (const server of servers) await server.stop();
  await postgres.stop();
  return rows;
};

/** Shows the server each of so many tokens twice: the first sight of one costs a signature and a read of the database. */
async function showAll(server: Server, next: () => Shot, count: number): Promise<void> {
  let shown = 0;
  const counted = () => {
    shown += 1;
    return next();
  };
  while (shown < 2 * count) await throughput(server, 1000, counted);
}

/** Verifications on PostgreSQL, of a thousand tokens and of more, beside SQLite and a framework that answers at once. */
const reads: Benchmark = async (effort) => {
  const postgres = await startPostgres();
  const bare = await startBare();
  const on = {
    rekey: await fill(await postgres.fresh(), 10, { users: 10_000 }),
    sqlite: await fill(null, 10, { users: 10_000 }),
  };
  const servers = { rekey: await startRekey(on.rekey), sqlite: await startRekey(on.sqlite) };
  const ms = 3000 * effort.scale;
  const rows: Row[] = [];
  for (const [what, goal, count, shotsOf] of [
    ['token verify of 1,000 tokens', 0.5, 1000, tokenVerifications],
    ['token verify of 8,000 tokens', 0.5, 8000, tokenVerifications],
    ['key verify', 0.45, 1000, async () => keyVerifications()],
  ] as const) {
    const next = { rekey: await shotsOf(on.rekey, count), sqlite: await shotsOf(on.sqlite, count) };
    for (const side of ['rekey', 'sqlite'] as const)
      await showAll(servers[side], next[side], count);
    const micros = { rekey: [] as number[], bare: [] as number[], sqlite: [] as number[] };
    const measure = (side: keyof typeof micros, of: Server, shots: () => Shot) => async () => {
      const got = await throughput(of, ms, shots);
      micros[side].push(got.micros);
      return got.perSecond;
    };
    const got = await rounds(effort.rounds, {
      rekey: measure('rekey', servers.rekey, next.rekey),
      bare: measure('bare', bare, next.rekey),
      sqlite: measure('sqlite', servers.sqlite, next.sqlite),
    });
    const named = `${what}, PostgreSQL`;
    rows.push(
      row(named, '1/s', got.rekey, 'bare Fastify', got.bare, least(goal)),
      row(`${named}: processor time`, 'us', micros.rekey, 'bare Fastify', micros.bare),
      row(named, '1/s', got.rekey, 'SQLite', got.sqlite),
    );
  }
  await Promise.all([servers.rekey.stop(), servers.sqlite.stop(), bare.stop()]);
  await postgres.stop();
  return rows;
};

/** The price of an idempotency key: looked up, and kept with its answer in the transaction of the change. */
const idempotency: Benchmark = async (effort) => {
  const rows: Row[] = [];
  for (const isPostgres of [false, true]) {
    const postgres = isPostgres ? await startPostgres() : null;
    const data = await fill((await postgres?.fresh()) ?? null, 10, { users: 1000 });
    const server = await startRekey(data);
    const connection = await Connection.open(server.url);
    for (const [kind, password, count] of [
      ['', undefined, 4000],
      [' with a password', PASSWORD, 150],
    ] as const) {
      const shots = { plain: creations(false, password), keyed: creations(true, password) };
      const taken = { plain: [] as number[], keyed: [] as number[] };
      const turns = Math.round(count * effort.scale);
      for (let turn = 0; turn < turns; turn += 1) {
        // Turn by turn, so that both meet the same machine; the first ones warm it.
        for (const which of ['plain', 'keyed'] as const) {
          const ms = await timed(connection, shots[which]());
          if (turn >= turns / 10) taken[which].push(ms);
        }
      }
      const on = isPostgres ? 'PostgreSQL' : 'SQLite';
      const what = `a user${kind} created with an idempotency key, ${on}, p50`;
      const p50 = (values: readonly number[]) => [figure(values).median];
      rows.push(row(what, 'ms', p50(taken.keyed), 'without', p50(taken.plain), most(1.15)));
    }
    connection.close();
    await Promise.all([server.stop(), postgres?.stop()]);
  }
  return rows;
};

export const benchmarks: Record<string, Benchmark> = {
  login: async (effort) => [
    ...(await hashBound(effort, 'login', 10, [1, 8, 64], { peers: true })),
    ...(await hashBound(effort, 'login', 12, [8], { peers: true })),
  ],
  update: async (effort) => [
    ...(await hashBound(effort, 'update-password', 10, [1, 8, 64], { peers: true })),
    ...(await hashBound(effort, 'update-password', 12, [8], { peers: true })),
  ],
  import: importing,
  form: (effort) => hashBound(effort, 'form', 10, [1, 8]),
  verify,
  enumeration,
  idempotency,
  revoke,
  flood: async (effort) => [...(await flood(effort)), ...(await unfair(effort))],
  growth,
  appends,
  'audit-size': auditSize,
  lists,
  start,
  meter,
  mails,
  webhooks,
  postgres: async (effort) => [
    ...(await hashBound(effort, 'login', 10, [1, 64], { postgres: true })),
    ...(await hashBound(effort, 'update-password', 10, [1, 64], { postgres: true })),
  ],
  processes,
  simulate: simulated,
  reads,
  verifier: verifying,
  events: following,
  revocations: revoking,
};
