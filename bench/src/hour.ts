import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { latencyOf } from './figures.ts';
import { id, openBehind } from './filling.ts';
import { fillAudit } from './hour-filling.ts';
import {
  makeBundle,
  memoryOf,
  type Server,
  startHelper,
  startPostgres,
  startServer,
} from './processes.ts';
import { draw, fill, LOCAL, PASSWORD, SERVICE_KEY } from './rekey.ts';

/**
 * An hour of mixed load on two servers with one PostgreSQL, of which one at a time is killed, stopped or crashed. Nothing
 * that was answered may be lost, no read may be stale for longer than a second, memory must stay flat, and the audit must
 * verify in the end. Exits with 1, and says why, where one of these is not so.
 */
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    users: { type: 'string', default: '1000000' },
    /** Of each user. */
    sessions: { type: 'string', default: '10' },
    audits: { type: 'string', default: '10' },
    /** Requests a second, at most. */
    rate: { type: 'string', default: '40' },
    /** Seconds between two faults, on average. */
    every: { type: 'string', default: '40' },
    /** The program, made already. */
    bundle: { type: 'string' },
  },
});
const users = Number(options.users);
const minutes = Number(options.minutes);

/** A revocation must hold everywhere after so long. */
const PROMISE_MS = 1000;
/** A request that is answered with neither yes nor no in this time is given up. */
const PATIENCE_MS = 60_000;
/** People who change their passwords and do nothing else, and people who log in. */
const CHANGERS = 50;
const PEOPLE = Math.min(users, 5000);
const WORKERS = 16;
const MB = (bytes: number) => bytes.toFixed(0);

const faults: string[] = [];
const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const fail = (what: string) => {
  faults.push(what);
  say(`FAULT: ${what}`);
};

// --- The servers

const sink = await startHelper<object, { port: number }>(
  path.join(import.meta.dirname, 'smtp-sink.ts'),
);
const { port: smtpPort } = await sink.ask({});
const bundle = options.bundle ?? makeBundle();
const postgres = await startPostgres();
say(`filling: ${users} users, ${users * Number(options.sessions)} sessions`);
const data = await fill(await postgres.fresh(), 10, { users, sessions: Number(options.sessions) });
await fillAudit(data, users * Number(options.audits), (count) =>
  say(`filling: ${count} entries of the audit`),
);
const env = {
  ...data.env,
  SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
  // No token ends by its age while this runs, nor while what is left of it is looked at.
  ACCESS_TOKEN_TTL: String((minutes + 60) * 60),
};
/** Null while it is dead. */
const servers: (Server | null)[] = [null, null];
const begin = async (index: number) => {
  servers[index] = await startServer(bundle, env, { ready: '/health/ready' });
};
await Promise.all([begin(0), begin(1)]);

// --- The load

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
type Answer = {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly sentAt: number;
};

/** One request to one server; status 0 where nobody answered. */
async function send(
  server: Server | null | undefined,
  method: string,
  route: string,
  json?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sentAt = performance.now();
  if (!server) return { status: 0, body: null, sentAt };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(
        `${server.url}${route}`,
        {
          method,
          agent,
          timeout: PATIENCE_MS,
          headers: {
            authorization: SERVICE_KEY,
            'x-forwarded-for': `10.${Math.floor(sentAt) % 256}.${Math.floor(sentAt / 256) % 256}.1`,
            ...(json && { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        resolve,
      );
      sent.on('timeout', () => sent.destroy(new Error('timeout')));
      sent.on('error', reject);
      sent.end(json && JSON.stringify(json));
    });
    const body = await text(response);
    return { status: response.statusCode ?? 0, body: body ? JSON.parse(body) : null, sentAt };
  } catch {
    return { status: 0, body: null, sentAt };
  }
}

const counts = { answers: 0, again: 0, stale: 0 };
let latencies: number[] = [];

/** Asks until the answer is yes or no, of either server, with one idempotency key. */
async function ask(method: string, route: string, json?: object): Promise<Answer> {
  const key: Record<string, string> = method === 'GET' ? {} : { 'idempotency-key': randomUUID() };
  const until = performance.now() + PATIENCE_MS;
  let turn = Math.random() < 0.5 ? 0 : 1;
  for (;;) {
    const answer = await send(servers[turn], method, route, json, key);
    const isUnderWay = answer.status === 409 && answer.body?.code === 'idempotency_in_progress';
    if (answer.status !== 0 && answer.status < 500 && answer.status !== 429 && !isUnderWay) {
      counts.answers += 1;
      latencies.push(performance.now() - answer.sentAt);
      return answer;
    }
    if (answer.status === 500) fail(`${method} ${route}: 500`);
    if (performance.now() > until) return answer;
    counts.again += 1;
    turn = 1 - turn;
    await setTimeout(300);
  }
}

type Session = { access: string; refresh: string; readonly sid: string };
/** What was answered. */
const open: Session[] = [];
const ended: { readonly access: string; readonly at: number; readonly sid: string }[] = [];
const created = new Map<string, string>();
const passwords = new Map<number, string>();
const people = draw(PEOPLE - CHANGERS);
const sidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid;
const any = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];
/** Takes one out: nobody else uses it meanwhile. */
const take = <T>(list: T[]): T | undefined => {
  const at = Math.floor(Math.random() * list.length);
  const last = list.pop();
  if (at >= list.length) return last;
  const taken = list[at];
  if (last !== undefined) list[at] = last;
  return taken;
};

const works: readonly (readonly [weight: number, work: () => Promise<void>])[] = [
  [
    8,
    async function logIn() {
      const email = `user${people() + CHANGERS}@bench.example`;
      const { status, body } = await ask('POST', `${LOCAL}/login`, { email, password: PASSWORD });
      if (status !== 200) return fail(`a login was ${status}`);
      const access = body.access.token;
      open.push({ access, refresh: body.refresh.token, sid: sidOf(access) });
    },
  ],
  [
    56,
    async function verify() {
      const session = take(open);
      if (!session) return;
      const { status } = await ask('POST', '/v1/auth/token/verify', { token: session.access });
      if (status === 200) open.push(session);
      else fail(`the token of an open session was ${status}`);
    },
  ],
  [
    12,
    async function verifyEnded() {
      const session = any(ended.slice(-200));
      if (!session) return;
      const server = any(servers);
      const answer = await send(server, 'POST', '/v1/auth/token/verify', { token: session.access });
      if (answer.status !== 200 || answer.sentAt - session.at < PROMISE_MS) return;
      counts.stale += 1;
      fail(`a session was believed ${Math.round(answer.sentAt - session.at)} ms after its end`);
    },
  ],
  [
    8,
    async function refresh() {
      const session = take(open);
      if (!session) return;
      const { status, body } = await ask('POST', '/v1/auth/token/refresh', {
        token: session.refresh,
      });
      if (status !== 200) return fail(`a refresh was ${status}`);
      open.push({ ...session, access: body.access.token, refresh: body.refresh.token });
    },
  ],
  [
    5,
    async function logOut() {
      const session = take(open);
      if (!session) return;
      const { status } = await ask('POST', '/v1/auth/logout', { token: session.access });
      if (status !== 200) return fail(`a logout was ${status}`);
      ended.push({ access: session.access, at: performance.now(), sid: session.sid });
    },
  ],
  [
    3,
    async function create() {
      const email = `hour-${randomUUID()}@bench.example`;
      const { status, body } = await ask('POST', '/v1/user', { name: 'Ada', email });
      if (status === 200) created.set(email, body.data.id);
      else fail(`a new user was ${status}`);
    },
  ],
  [
    1,
    async function change() {
      const n = Math.floor(Math.random() * CHANGERS) + 1;
      const password = passwords.get(n) ?? PASSWORD;
      // Nobody else changes it meanwhile.
      if (password === '') return;
      passwords.set(n, '');
      const next = `battery staple ${randomUUID()}`;
      const { status } = await ask('POST', `${LOCAL}/update-password`, {
        email: `user${n}@bench.example`,
        password,
        new_password: next,
      });
      passwords.set(n, status === 200 ? next : password);
      if (status !== 200) fail(`a change of a password was ${status}`);
    },
  ],
  [
    3,
    async function list() {
      const from = id('user', Math.floor(Math.random() * users) + 1);
      const { status } = await ask('GET', `/v1/user?gt=${from}&limit=50`);
      if (status !== 200) fail(`a list of users was ${status}`);
    },
  ],
  [
    2,
    async function audit() {
      const { status } = await ask('GET', '/v1/audit?limit=50');
      if (status !== 200) fail(`a list of the audit was ${status}`);
    },
  ],
];
const total = works.reduce((sum, [weight]) => sum + weight, 0);
const drawWork = () => {
  let at = Math.random() * total;
  for (const [weight, work] of works) {
    at -= weight;
    if (at < 0) return work;
  }
  return undefined;
};

const over = new AbortController();
const isOver = () => over.signal.aborted;
const pause = (ms: number) =>
  setTimeout(ms, undefined, { signal: over.signal }).catch(() => undefined);

async function worker(): Promise<void> {
  const turnMs = (WORKERS * 1000) / Number(options.rate);
  while (!isOver()) {
    const start = performance.now();
    await drawWork()?.();
    await pause(Math.max(0, turnMs - (performance.now() - start)));
  }
}

/** The events that a reader has had, by their ids, and the subject of each. */
type Read = {
  readonly type: string;
  readonly user_id: string | null;
  readonly subject_id: string | null;
};
const feed = new Map<string, Read>();
let next: string | undefined;
let hasFeed = true;

/** Reads what there is; answers whether there was something. */
async function readEvents(waitS: number): Promise<boolean> {
  const after = next === undefined ? 'since_s=0' : `after=${encodeURIComponent(next)}`;
  const server = any(servers);
  const { status, body } = await send(
    server,
    'GET',
    `/v1/event?limit=500&wait_s=${waitS}&${after}`,
  );
  if (status === 404) hasFeed = false;
  if (status !== 200) return false;
  for (const { id: event, ...read } of body.data) {
    if (feed.has(event)) fail(`an event came twice: ${event}`);
    feed.set(event, read);
  }
  next = body.next;
  return body.data.length > 0;
}

async function reader(): Promise<void> {
  while (!isOver() && hasFeed) {
    if (!(await readEvents(10))) await pause(100);
  }
}

// --- The faults

const done = { 'server killed': 0, 'server frozen': 0, 'database crashed': 0 };
async function hurt(): Promise<void> {
  const index = Math.random() < 0.5 ? 0 : 1;
  const server = servers[index];
  const which = Math.random();
  if (which < 0.4 && server) {
    done['server killed'] += 1;
    servers[index] = null;
    await server.stop();
    await pause(Math.random() * 5000);
    await begin(index);
  } else if (which < 0.6 && server) {
    done['server frozen'] += 1;
    process.kill(server.pid, 'SIGSTOP');
    await pause(1000 + Math.random() * 4000);
    process.kill(server.pid, 'SIGCONT');
  } else {
    done['database crashed'] += 1;
    await postgres.crash();
    await pause(Math.random() * 3000);
    await postgres.revive();
  }
}

async function hurting(): Promise<void> {
  const every = Number(options.every) * 1000;
  for (;;) {
    await pause(every * (0.5 + Math.random()));
    if (isOver()) return;
    await hurt();
  }
}

// --- The hour

/** Resident memory of each life of a server, in MB, by minute. */
const memory: number[] = [];
async function minutely(): Promise<void> {
  let minute = 0;
  while (!isOver()) {
    await pause(60_000);
    if (isOver()) return;
    minute += 1;
    const rss = servers.map((server) => {
      try {
        return server ? memoryOf(server.pid) : Number.NaN;
      } catch {
        return Number.NaN;
      }
    });
    memory.push(Math.max(...rss.filter((each) => each > 0)));
    const { p50, p99 } = latencyOf(latencies);
    latencies = [];
    say(
      `minute ${minute}: ${counts.answers} answers, ${counts.again} asked again, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ` +
        `resident ${rss.map(MB).join(' and ')} MB, ${open.length} sessions open, ${ended.length} ended, ${created.size} users made, ` +
        `${feed.size} events, ${counts.stale} stale; ${JSON.stringify(done)}`,
    );
  }
}

say(`load: ${minutes} minutes, process ${process.pid}`);
const running = [hurting(), minutely(), reader(), ...Array.from({ length: WORKERS }, worker)];
// Whoever has no more time has it end earlier: kill -USR2.
process.once('SIGUSR2', () => over.abort());
await pause(minutes * 60_000);
over.abort();
await Promise.all(running);

// --- What is left of it

for (const index of [0, 1]) if (!servers[index]) await begin(index);
say('looking at what is left');
const behind = await openBehind(data.databaseUrl);
const there = await behind.rows<{ email: string }>(
  `select email from users where email like 'hour-%'`,
);
const emails = new Set(there.map(({ email }) => email));
for (const email of created.keys()) if (!emails.has(email)) fail(`a user is lost: ${email}`);
for (const email of emails)
  if (!created.has(email)) fail(`a user was made and not answered: ${email}`);
await behind.close();
for (const [n, password] of passwords) {
  const { status } = await ask('POST', `${LOCAL}/login`, {
    email: `user${n}@bench.example`,
    password,
  });
  if (status !== 200) fail(`a changed password is lost: ${status}`);
}
for (const { access } of open) {
  const { status } = await ask('POST', '/v1/auth/token/verify', { token: access });
  if (status !== 200) fail(`an open session is lost: ${status}`);
}
for (const { access } of ended) {
  const { status } = await ask('POST', '/v1/auth/token/verify', { token: access });
  if (status === 200) fail('a session that ended is open');
}
if (hasFeed) {
  // Everything has its place when nothing comes for a second.
  let quiet = 0;
  while (quiet < 10) {
    quiet = (await readEvents(0)) ? 0 : quiet + 1;
    await setTimeout(100);
  }
  const of = (type: string) => [...feed.values()].filter((read) => read.type === type);
  const makings = of('user.created').map((read) => read.user_id);
  const endings = of('session.ended').map((read) => read.subject_id);
  for (const [what, subjects, events] of [
    ['a new user', [...created.values()], makings],
    ['a logout', ended.map(({ sid }) => sid), endings],
  ] as const) {
    const tally = new Map<string | null, number>();
    for (const event of events) tally.set(event, (tally.get(event) ?? 0) + 1);
    for (const subject of subjects) {
      const count = tally.get(subject) ?? 0;
      if (count !== 1) fail(`${what} has ${count} events`);
    }
  }
} else say('there is no feed of events');

const cli = path.join(path.dirname(bundle), 'cli.mjs');
const verified = await new Promise<{ code: number; out: string }>((resolve) => {
  const args = [cli, 'audit', 'verify'];
  const child = execFile(
    process.execPath,
    args,
    { env: { PATH: process.env.PATH, ...env } },
    (_error, out, err) => resolve({ code: child.exitCode ?? 1, out: `${out}${err}` }),
  );
});
say(`audit verify: exit code ${verified.code}\n${verified.out.trim()}`);
if (verified.code !== 0) fail('the audit does not verify');

const quarter = Math.floor(memory.length / 4);
if (quarter > 0) {
  const middle = (list: number[]) =>
    list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  const [early, late] = [middle(memory.slice(0, 2 * quarter)), middle(memory.slice(-quarter))];
  say(`resident memory: ${MB(early)} MB in the first half, ${MB(late)} MB in the last quarter`);
  if (late > early * 1.25 + 20) fail('memory grows');
}
say(
  `${counts.answers} answers, ${counts.again} asked again; ${JSON.stringify(done)}; ${faults.length} faults`,
);
for (const server of servers) await server?.stop();
sink.stop();
await postgres.stop();
process.exit(faults.length === 0 ? 0 : 1);
