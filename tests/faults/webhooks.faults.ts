import { describe, expect, test, vi } from 'vitest';
import { createService } from '../harness.ts';
import { aReceiver, type Receiver, type Told } from './receiver.ts';
import {
  aClient,
  aMoment,
  aWorld,
  type Client,
  databases,
  eventually,
  kill,
  PATIENCE_MS,
  roundsOf,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** Milliseconds: leases and waits of webhooks are over by then. */
const AN_HOUR_MS = 3_600_000;

/** A user, and the changes that were answered and those that may have happened. */
type Kept = { id: string | null; renamed: number; asked: number };

/** The feed of a service from a cursor on. */
async function follow(client: Client, key: string, after: string | null) {
  const all: Told[] = [];
  for (let next = after; ; ) {
    const query = next === null ? 'limit=1000' : `limit=1000&after=${encodeURIComponent(next)}`;
    const headers = { authorization: key };
    const { status, body } = await client.call('GET', `/v1/event?${query}`, { headers });
    // A busy machine: nothing was done, and nothing is known.
    if (status === 503) continue;
    expect(status).toBe(200);
    all.push(...body.data);
    next = body.next;
    if (body.data.length === 0) return { all, next };
  }
}

/** The first calls of each event at the receiver, of one user. */
const firstsOf = (taken: readonly Told[], userId: string): string[] => [
  ...new Set(taken.filter(({ user_id }) => user_id === userId).map(({ id }) => id)),
];

/** Makes a user and renames it, again and again, until the server dies. */
async function busy(client: Client, key: string, kept: Kept[]): Promise<void> {
  const headers = { authorization: key };
  for (;;) {
    const one: Kept = { id: null, renamed: 0, asked: 0 };
    kept.push(one);
    const email = `${crypto.randomUUID()}@example.com`;
    const made = await client.call('POST', '/v1/user', { json: { name: 'Ada', email }, headers });
    if (made.status === 503) continue;
    expect(made.status).toBe(200);
    one.id = made.body.data.id;
    for (let name = 0; name < 3; name += 1) {
      one.asked += 1;
      const json = { name: `Ada ${name}` };
      const changed = await client.call('PATCH', `/v1/user/${one.id}`, { json, headers });
      if (changed.status === 503) continue;
      expect(changed.status).toBe(200);
      one.renamed += 1;
    }
  }
}

/** Checks that the feed has each change once, and the receiver each event of the feed, in the order of each user. */
async function check(feed: readonly Told[], kept: readonly Kept[], receiver: Receiver) {
  const ids = new Set(feed.map(({ id }) => id));
  expect(ids.size).toBe(feed.length);
  await eventually(() => {
    const taken = new Set(receiver.taken.map(({ id }) => id));
    return feed.filter(({ id }) => !taken.has(id)).length;
  }).toBe(0);
  for (const { id, renamed, asked } of kept) {
    if (id === null) continue;
    const own = feed.filter(({ user_id }) => user_id === id);
    expect(own.filter(({ type }) => type === 'user.created')).toHaveLength(1);
    const updated = own.filter(({ type }) => type === 'user.updated').length;
    expect(updated).toBeGreaterThanOrEqual(renamed);
    expect(updated).toBeLessThanOrEqual(asked);
    expect(firstsOf(receiver.taken, id)).toEqual(own.map(({ id }) => id));
  }
  expect(receiver.forged).toBe(0);
}

describe.each(databases)('on %s', (database) => {
  test('servers that are killed leave each acknowledged change once in the feed, and at the receiver at least once, in the order of its user', async (context) => {
    const { folder, clock, env, start, record } = await aWorld(context, database);
    const open = { WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' };
    const receiver = await aReceiver();
    const { key } = await createService(folder, [], env);
    let server = await start(open);
    const headers = { authorization: key.value };
    const registered = await aClient(server).call('POST', '/v1/webhook', {
      json: { url: receiver.url },
      headers,
    });
    expect(registered.status).toBe(200);
    receiver.secrets = [registered.body.secret];

    const rounds = roundsOf();
    let [changes, calls, events] = [0, 0, 0];
    let after: string | null = null;
    for (let round = 0; round < rounds; round += 1) {
      // One call in ten fails, and one in fifty is never answered.
      receiver.manners = () => {
        const luck = Math.random();
        return luck < 0.02 ? null : luck < 0.1 ? 500 : 204;
      };
      const kept: Kept[] = [];
      const crowd = Array.from({ length: 4 }, () => busy(aClient(server), key.value, kept));
      const walking = Promise.allSettled(crowd);
      await aMoment(600);
      await kill(server);
      const failures = (await walking).flatMap((each) =>
        each.status === 'rejected' ? [each.reason.code ?? each.reason] : [],
      );
      // The connection broke, or there was none any more.
      expect(failures.filter((code) => !/^ECONN/.test(code))).toEqual([]);

      receiver.manners = () => 204;
      clock.move(AN_HOUR_MS);
      server = await start(open);
      const client = aClient(server);
      const followed = await follow(client, key.value, after);
      after = followed.next;
      await check(followed.all, kept, receiver);
      events += followed.all.length;
      changes += kept.reduce((sum, { id, renamed }) => sum + (id ? 1 : 0) + renamed, 0);
      calls += receiver.taken.length;
      receiver.taken.length = 0;
    }
    await kill(server);
    record({
      fault:
        'kill -9 at random moments while webhooks are called, of which some fail and some hang',
      rounds,
      figure: `0 of ${changes} acknowledged changes missing; ${events} events once each in the feed, and at the receiver ${calls} times, in the order of their users`,
    });
  });
});
