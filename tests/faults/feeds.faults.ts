import { randomUUID } from 'node:crypto';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, RekeyError, rekeyClient, verifier } from '../../packages/client/src/index.ts';
import { messagesOf } from '../../packages/client/src/messages.ts';
import { createService, type Server } from '../harness.ts';
import { aWorld, databases, eventually, isLong, kill, PATIENCE_MS, roundsOf } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const PASSWORD = 'correct horse';

describe.each(databases)('on %s', (database) => {
  test('every change that was answered has its event once in the feed, however often the server is killed', async (context) => {
    const { folder, env, start, record } = await aWorld(context, database);
    const { key } = await createService(folder, [], env);
    const rounds = roundsOf();
    /** What was answered, each as the event that is owed for it. */
    const answered: string[] = [];
    const reader: Reader = { ids: [], cursor: '' };
    for (let round = 0; round < rounds; round += 1) {
      const server = await start();
      const rekey = rekeyClient({ url: server.url, key: key.value });
      const following = follow(server, key.value, reader);
      const email = `ada${round}@example.com`;
      await rekey.createUser({ name: 'Ada', email, password: PASSWORD, token_key: true });
      const work = async (walk: () => AsyncGenerator<string>) => {
        for (;;) for await (const change of walk()) answered.push(change);
      };
      const workers = Promise.allSettled([
        ...Array.from({ length: 6 }, () => work(() => lives(rekey))),
        ...Array.from({ length: 2 }, () => work(() => visits(rekey, email))),
      ]);
      await pause(100 + Math.random() * 700);
      await kill(server);
      await following;
      const failures = (await workers).map((worker) => 'reason' in worker && worker.reason);
      // A server that dies answers nothing, and one that is busy says so.
      const refusals = failures.filter((failure) => failure instanceof RekeyError);
      expect(refusals.filter(({ status }) => status !== 503)).toEqual([]);
    }

    const server = await start();
    const rekey = rekeyClient({ url: server.url, key: key.value });
    const events = await feedOf(rekey);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    void follow(server, key.value, reader);
    await eventually(() => reader.ids.length).toBeGreaterThanOrEqual(events.length);
    expect(reader.ids).toEqual(events.map(({ id }) => id));
    const told = Map.groupBy(events, changeOf);
    expect(answered.filter((change) => told.get(change)?.length !== 1)).toEqual([]);
    // Nothing is told that did not happen.
    const usersOf = (type: string) =>
      events.filter((event) => event.type === type).map(({ user_id }) => user_id ?? '');
    const [made, deleted] = [usersOf('user.created'), usersOf('user.deleted')];
    const there: string[] = [];
    for await (const { id } of rekey.each.listUsers({ limit: '1000' })) there.push(id);
    expect(made.toSorted()).toEqual([...there, ...deleted].toSorted());
    record({
      fault: 'kill -9 at random moments, while users, keys and sessions come and go',
      rounds,
      figure: `0 of ${answered.length} acknowledged changes missing; ${events.length} events, none twice, as a stream that broke each time had them too`,
    });
  });
});

type Told = Awaited<ReturnType<Client['followEvents']>>['data'][number];

/** Of which a user, a key or a session has one at most here. */
const changeOf = ({ type, user_id, subject_id }: Told) => `${type} ${subject_id ?? user_id}`;

/** A user and a key from their beginnings to their ends: each event that is owed once its change was answered. */
async function* lives(rekey: Client): AsyncGenerator<string> {
  const email = `${randomUUID()}@example.com`;
  const { id } = (await rekey.createUser({ name: 'Ada', email })).data;
  yield `user.created ${id}`;
  const { key } = (await rekey.createKey({ user_id: id, name: 'reports' })).data;
  yield `key.created ${key.id}`;
  await rekey.rotateKey({ id: key.id });
  yield `key.rotated ${key.id}`;
  await rekey.deleteKey({ id: key.id });
  yield `key.revoked ${key.id}`;
  await rekey.updateUser({ id, name: 'Ada L' });
  yield `user.updated ${id}`;
  await rekey.updateUser({ id, is_enabled: false });
  yield `user.disabled ${id}`;
  await rekey.deleteUser({ id });
  yield `user.deleted ${id}`;
}

/** A session from its beginning to its end. */
async function* visits(rekey: Client, email: string): AsyncGenerator<string> {
  const { token } = (await rekey.login({ email, password: PASSWORD })).access;
  const { sid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  yield `session.started ${sid}`;
  await rekey.logOut({ token });
  yield `session.ended ${sid}`;
}

type Reader = { ids: string[]; cursor: string };

/** Follows the events of a server until it dies, from where the last one ended. */
async function follow({ url }: Server, key: string, reader: Reader): Promise<void> {
  const headers = {
    authorization: key,
    accept: 'text/event-stream',
    ...(reader.cursor !== '' && { 'last-event-id': reader.cursor }),
  };
  try {
    const { body } = await fetch(`${url}/v1/event`, { headers });
    if (body === null) return;
    for await (const { id, data } of messagesOf(body)) {
      if (data !== '') reader.ids.push((JSON.parse(data) as Told).id);
      if (id !== '') reader.cursor = id;
    }
  } catch {
    // It died.
  }
}

/** All events of a service, page by page. */
async function feedOf(rekey: Client): Promise<Told[]> {
  const events: Told[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await rekey.followEvents({
      limit: '1000',
      ...(after !== undefined && { after }),
    });
    if (page.data.length === 0) return events;
    events.push(...page.data);
    after = page.next;
  }
}

test('a revocation is refused on two servers by the feed, by Rekey and by a verifier within a second, under load', async (context) => {
  const { folder, env, start, record } = await aWorld(context, 'PostgreSQL');
  const { key } = await createService(folder, [], env);
  const [here, there] = [await start(), await start()];
  const clientOf = ({ url }: Server) => rekeyClient({ url, key: key.value });
  const [client, other] = [clientOf(here), clientOf(there)];
  const local = verifier({ url: there.url, key: key.value });
  onTestFinished(() => local.close());
  await local.ready();

  // What people do meanwhile.
  let isOver = false;
  const email = 'ada@example.com';
  await client.createUser({ name: 'Ada', email, password: PASSWORD, token_key: true });
  const busy = await client.login({ email, password: PASSWORD });
  const load = [client, other].flatMap((each) =>
    Array.from({ length: 4 }, async () => {
      while (!isOver) await each.verifyToken({ token: busy.access.token });
    }),
  );

  /** When each session was told of, by its id. */
  const heard = new Map<string, number>();
  const begin = await other.followRevocations({ since_s: '0' });
  const feed = (async () => {
    let after = begin.next;
    while (!isOver) {
      const page = await other.followRevocations({ after, wait_s: '1', limit: '1000' });
      for (const { subject_id } of page.data)
        if (subject_id) heard.set(subject_id, performance.now());
      after = page.next;
    }
  })();

  const lastTrust = {
    here: [] as number[],
    there: [] as number[],
    verifier: [] as number[],
    feed: [] as number[],
  };
  const count = isLong ? 1000 : 10;
  for (let i = 0; i < count; i += 1) {
    const { token } = (await client.login({ email, password: PASSWORD })).access;
    const sessionId = (await local.verify(token))?.sessionId ?? '';
    const checks = {
      here: () => client.verifyToken({ token }).catch(() => null),
      there: () => other.verifyToken({ token }).catch(() => null),
      verifier: () => local.verify(token),
    };
    for (const check of Object.values(checks)) expect(await check()).not.toBeNull();
    await client.logOut({ token });
    const at = performance.now();
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        // The latest check that began after the answer, and was still believed.
        let last = 0;
        for (;;) {
          const began = performance.now() - at;
          if ((await check()) === null) break;
          last = began;
          // A verifier answers without a turn of the event loop, in which it would read the feed.
          await setImmediate();
        }
        lastTrust[name as keyof typeof checks].push(last);
      }),
    );
    await expect.poll(() => heard.has(sessionId), { timeout: 60_000, interval: 5 }).toBe(true);
    lastTrust.feed.push(Math.max(0, (heard.get(sessionId) ?? 0) - at));
  }
  isOver = true;
  await Promise.all([...load, feed]);
  for (const [who, all] of Object.entries(lastTrust)) {
    const sorted = all.toSorted((a, b) => a - b);
    const [median = 0, worst = 0] = [sorted[Math.floor(count / 2)], sorted.at(-1)];
    record({
      fault: `a session ends, as seen by ${who}`,
      rounds: count,
      figure: `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`,
    });
  }
  // The promise, and not how fast the machine is: whoever cannot know asks.
  expect(lastTrust.here.filter((ms) => ms > 0)).toEqual([]);
  expect(lastTrust.there.filter((ms) => ms > 1000)).toEqual([]);
  expect(lastTrust.verifier.filter((ms) => ms > 1000)).toEqual([]);
});
