import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { rekeyClient, verifier } from '../../packages/client/src/index.ts';
import { createService, type Server } from '../harness.ts';
import { aWorld, databases, isLong, kill, PATIENCE_MS, roundsOf } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const PASSWORD = 'correct horse';
/** Requests under way when the server is killed. */
const AT_A_TIME = 8;

describe.each(databases)('on %s', (database) => {
  test('every change that was answered has its event once in the feed, however often the server is killed', async (context) => {
    const { folder, env, start, record } = await aWorld(context, database);
    const { key } = await createService(folder, [], env);
    const rounds = roundsOf();
    const answered: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const server = await start();
      const rekey = rekeyClient({ url: server.url, key: key.value });
      const workers = Array.from({ length: AT_A_TIME }, async (_, worker) => {
        for (let i = 0; ; i += 1) {
          const email = `ada${round}-${worker}-${i}@example.com`;
          const made = await rekey.createUser({ name: 'Ada', email }).catch(() => null);
          if (made === null) return;
          answered.push(made.data.id);
        }
      });
      await pause(100 + Math.random() * 400);
      await kill(server);
      await Promise.all(workers);
    }

    const server = await start();
    const rekey = rekeyClient({ url: server.url, key: key.value });
    const events: {
      readonly id: string;
      readonly type: string;
      readonly user_id: string | null;
    }[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await rekey.followEvents({
        limit: '1000',
        ...(after !== undefined && { after }),
      });
      if (page.data.length === 0) break;
      events.push(...page.data);
      after = page.next;
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const told = events.filter(({ type }) => type === 'user.created').map(({ user_id }) => user_id);
    expect(new Set(told).size).toBe(told.length);
    expect(answered.filter((id) => !told.includes(id))).toEqual([]);
    // Nothing is told that did not happen.
    const there: string[] = [];
    for await (const { id } of rekey.each.listUsers({ limit: '1000' })) there.push(id);
    expect(told.toSorted()).toEqual(there.toSorted());
    record({
      fault: 'the server is killed while users are made',
      rounds,
      figure: `${answered.length} answers, ${told.length} users, ${told.length} events: 0 missing, 0 twice`,
    });
  });
});

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
