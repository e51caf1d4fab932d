import { createSecretKey } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { startSequencer } from '../../apps/server/src/sequencer.ts';
import { macs, uuidv7Ids } from '../../packages/adapters-crypto/src/index.ts';
import { openDatabase } from '../../packages/adapters-db/src/index.ts';
import type { Actor, Origin } from '../../packages/domain/src/index.ts';
import { places, type Stores } from '../../packages/usecases/src/index.ts';
import { record } from '../../packages/usecases/src/shared/record.ts';
import { tell } from '../../packages/usecases/src/shared/tell.ts';
import { type Benchmark, type Effort, figure, latencyOf, type Row, row } from './figures.ts';
import { aFolder, startPostgres } from './processes.ts';
import { draw } from './rekey.ts';

/** Transactions that are open at a time. */
const AT_ONCE = 32;
/** How long a commit takes, as with a synchronous standby that is so far away. */
const COMMIT_MS = 5;
const MEASURED_MS = 5000;
/** As many logins a second as some twenty cores hash. */
const LOGINS = 500;

const clock = { now: () => Date.now() };
const key = { kid: '0123456789abcdef', key: createSecretKey(Buffer.alloc(32, 7)), createdAt: 0 };
const ports = { clock, ids: uuidv7Ids(clock), macs: macs(() => [key]) };

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
];

/** A service whose backend forwards where its users are. */
const serviceId = ports.ids.next();
const keyId = ports.ids.next();
const actorAt = (n: number): Actor => {
  const origin: Origin = {
    address: `203.0.${n % 100}.${n % 250}`,
    client: BROWSERS[n % BROWSERS.length] ?? null,
  };
  return { kind: 'service', service: { id: serviceId }, keyId, user: null, origin } as never;
};

/** What a login tells and records; one in eight fails. */
async function logIn(stores: Stores, n: number, users: readonly string[]): Promise<void> {
  const userId = users[n % users.length] ?? '';
  const of = { type: 'sso:AuthLocalLogin', serviceId, userId } as const;
  if (n % 8 === 7) {
    await record(ports, stores, actorAt(n), {
      ...of,
      outcome: 'failure',
      code: 'invalid_credentials',
    });
    return;
  }
  const subjectId = ports.ids.next();
  const more = { session_id: subjectId } as never;
  await tell(ports, stores, { type: 'session.started', serviceId, userId, subjectId, data: more });
  await record(ports, stores, actorAt(n), { ...of, subjectId });
}

async function open(url: string) {
  const opened = await openDatabase({ url, poolSize: AT_ONCE + 4 });
  await opened.migrate();
  const users = Array.from({ length: 1000 }, () => ports.ids.next());
  const given = places({ ...ports, database: opened.database, news: opened.news });
  return { ...opened, users, given };
}

/**
 * Transactions a second, `most` at most, and how long after its commit each had its place, in milliseconds. `isLocking`: as
 * it was, whoever records locks the end of the chain until the commit.
 */
async function appendsOf(
  url: string,
  ms: number,
  { isLocking = false, most = Number.POSITIVE_INFINITY } = {},
) {
  const { database, given, news, users, close } = await open(url);
  const sequencer = startSequencer(() => given.give({ isPatient: false }), {
    failed: (error) => console.error(error),
  });
  const waiting: number[] = [];
  const waits: number[] = [];
  const over = new AbortController();
  /** As a follower of the feed sees them: so many are new, and so many commits waited for longest. */
  const following = (async () => {
    for (let after = 0; !over.signal.aborted; ) {
      const next = news.next([serviceId], over.signal);
      const { last } = await database.read(({ events }) => events.bounds(serviceId));
      const now = performance.now();
      for (; after < last; after += 1) waits.push(now - (waiting.shift() ?? now));
      await next;
    }
  })();
  const began = performance.now();
  let done = 0;
  const one = async (racer: number) => {
    for (let n = racer; performance.now() - began < ms; n += AT_ONCE) {
      await database.transact(async (stores) => {
        if (isLocking) await stores.pending.takeTurn({ isPatient: true });
        await logIn(stores, n, users);
      });
      done += 1;
      if (n % 8 !== 7) waiting.push(performance.now());
      if (!isLocking) sequencer.wake();
      const early = began + (1000 * (n + AT_ONCE)) / most - performance.now();
      if (early > 0) await setTimeout(early);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, racer) => one(racer)));
  const seconds = (performance.now() - began) / 1000;
  await given.give({ isPatient: true });
  const drained = (performance.now() - began) / 1000;
  await setTimeout(100);
  over.abort();
  await following;
  await sequencer.stop();
  await close();
  return { perSecond: done / seconds, placed: done / drained, waits: latencyOf(waits) };
}

/** Appends to one chain, at PostgreSQL whose commits take some milliseconds more. */
export const appends: Benchmark = async ({ rounds, scale }) => {
  const postgres = await startPostgres();
  try {
    const url = await postgres.fresh();
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`alter system set commit_delay = ${COMMIT_MS * 1000}`);
    await client.query('alter system set commit_siblings = 0');
    await client.query('select pg_reload_conf()');
    await client.end();
    type Taken = Awaited<ReturnType<typeof appendsOf>>;
    const free: Taken[] = [];
    const locked: Taken[] = [];
    const calm: Taken[] = [];
    const run = async (how: Parameters<typeof appendsOf>[2]) =>
      appendsOf(await postgres.fresh(), MEASURED_MS * scale, how);
    for (let round = 0; round < rounds; round += 1) {
      free.push(await run({}));
      locked.push(await run({ isLocking: true }));
      calm.push(await run({ most: LOGINS }));
    }
    const label = `one service, ${AT_ONCE} at a time, ${COMMIT_MS} ms more for a commit`;
    const beside = 'with a lock until the commit';
    const other = locked.map(({ perSecond }) => perSecond);
    const waits = (what: 'p50' | 'p99', goal: number): Row[] => {
      const rowOf = (of: readonly Taken[], load: string) => {
        const values = of.map(({ waits: each }) => each[what]);
        const named = `commit to place, ${what}, ${COMMIT_MS} ms more for a commit, ${load}`;
        return row(named, 'ms', values, '', values);
      };
      return [
        { ...rowOf(calm, `${LOGINS} a second`), goal: { of: 'rekey', most: goal } },
        rowOf(free, 'as many as there can be'),
      ];
    };
    return [
      {
        ...row(
          `appends, ${label}`,
          '/s',
          free.map(({ perSecond }) => perSecond),
          beside,
          other,
        ),
        goal: { of: 'rekey', least: 2000 },
      },
      {
        ...row(
          `appends that have their places, ${label}`,
          '/s',
          free.map(({ placed }) => placed),
          beside,
          other,
        ),
        goal: { of: 'rekey', least: 2000 },
      },
      ...waits('p50', 20),
      ...waits('p99', 50),
    ];
  } finally {
    await postgres.stop();
  }
};

const ENTRIES = 100_000;
/** Two and a half thousand people, and an entry a minute: each is here every other day. */
const USERS = 2500;
const BETWEEN_MS = 60_000;

/** What happens at three services in some months: logins by browsers, most of which succeed, and all that goes with them. */
async function fillMonths(url: string, entries: number): Promise<void> {
  const next = draw(1_000_003);
  const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at };
  const own = { clock, ids: uuidv7Ids(clock), macs: ports.macs };
  const opened = await openDatabase({ url });
  await opened.migrate();
  const given = places({ ...own, database: opened.database, news: opened.news });
  const some = (count: number) => Array.from({ length: count }, () => own.ids.next());
  const services = some(3).map((id) => ({ id, keyId: own.ids.next() }));
  // Most of it is at the first of them.
  const often = [...services, ...services.slice(0, 1), ...services.slice(0, 1)];
  const users = some(USERS);
  const sessions: { readonly userId: string; readonly id: string }[] = [];
  const pick = <T>(of: readonly T[]): T => of[next() % of.length] as T;

  async function happen(stores: Stores): Promise<void> {
    const { id: serviceId, keyId } = pick(often);
    const hex = () => (next() % 65_536).toString(16);
    const address =
      next() % 5 < 3
        ? `203.0.${next() % 256}.${next() % 256}`
        : `2001:db8:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}`;
    const client = pick(BROWSERS).replaceAll(/13\d\./g, () => `${130 + (next() % 20)}.`);
    const actor = {
      kind: 'service',
      service: { id: serviceId },
      keyId,
      user: null,
      origin: { address, client },
    } as never;
    const userId = pick(users);
    const what = next() % 100;
    const tell = (of: Parameters<typeof record>[3]) => record(own, stores, actor, of);
    if (what < 72) {
      const id = own.ids.next();
      sessions.push({ userId, id });
      await tell({ type: 'sso:AuthLocalLogin', serviceId, userId, subjectId: id });
    } else if (what < 82) {
      const failed = { outcome: 'failure', code: 'invalid_credentials' } as const;
      await tell({ type: 'sso:AuthLocalLogin', serviceId, userId, ...failed });
    } else if (what < 90 && sessions.length > 0) {
      const session = pick(sessions.slice(-1000));
      const of = { userId: session.userId, subjectId: session.id };
      await tell({ type: 'sso:AuthTokenRefresh', serviceId, ...of });
    } else if (what < 94) {
      await tell({ type: 'sso:KeyCreate', serviceId, userId, subjectId: own.ids.next() });
    } else {
      const data = { type: 'diff', data: [['name', `User ${next()}`, `User ${next()}`]] };
      await tell({ type: 'sso:UserUpdate', serviceId, userId, subjectId: userId, data });
    }
    clock.at += 1 + (next() % (2 * BETWEEN_MS));
  }

  for (let n = 0; n < entries; ) {
    await opened.database.transact(async (stores) => {
      for (let i = 0; i < 100; i += 1, n += 1) await happen(stores);
    });
    await given.give({ isPatient: true });
  }
  await opened.close();
}

/** Bytes of the audit on the disk, indexes included, for each entry, as they grew: nothing was packed or built anew. */
async function sizeOf(url: string, entries: number): Promise<number> {
  await fillMonths(url, entries);
  if (url.startsWith('sqlite:')) {
    const handle = new Sqlite(url.slice('sqlite:'.length), { readonly: true });
    const { bytes } = handle
      .prepare<[], { bytes: number }>(
        `select sum(pgsize) as bytes from dbstat where aggregate = true and name in
           (select name from sqlite_schema where tbl_name = 'audit_entries')`,
      )
      .get() ?? { bytes: Number.NaN };
    handle.close();
    return bytes / entries;
  }
  const client = new pg.Client(url);
  await client.connect();
  await client.query('vacuum audit_entries');
  const { rows } = await client.query(`select pg_total_relation_size('audit_entries') as bytes`);
  await client.end();
  return Number(rows[0].bytes) / entries;
}

export const auditSize: Benchmark = async ({ scale }: Effort): Promise<Row[]> => {
  const postgres = await startPostgres();
  try {
    const entries = Math.round(ENTRIES * scale);
    const sqlite = await sizeOf(`sqlite:${aFolder()}/rekey.db`, entries);
    const other = await sizeOf(await postgres.fresh(), entries);
    const on = (name: string, bytes: number): Row => ({
      what: `bytes of an entry of the audit with its indexes, ${name}`,
      unit: '',
      rekey: figure([bytes]),
      beside: '',
      other: figure([bytes]),
      ratio: figure([1]),
      goal: { of: 'rekey', most: 350 },
    });
    return [on('SQLite', sqlite), on('PostgreSQL', other)];
  } finally {
    await postgres.stop();
  }
};
