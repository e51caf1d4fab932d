import { describe, expect, test, vi } from 'vitest';
import { seconds } from './figures.ts';
import {
  aClient,
  aPerson,
  aWorld,
  type Client,
  collect,
  databases,
  enrol,
  eventually,
  isLong,
  kill,
  PATIENCE_MS,
  people,
  settled,
  someDatabases,
  walk,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** Longer than a lease. */
const LEASE_OVER = 61_000;

describe.each(databases)('on %s', (database) => {
  const size = database === 'SQLite' ? 2 : 3;
  const several = `${size} servers on one ${database === 'SQLite' ? 'file' : 'database'}`;

  test('several servers send every mail once, show no error, and end sessions together', async (context) => {
    const { smtp, start, record } = await aWorld(context, database);
    const servers = await Promise.all(Array.from({ length: size }, () => start()));
    const crowd = people(isLong ? 100 : 6);
    const queue = [...crowd];
    // Twice as many at a time as there are servers; whoever is next goes to the next one.
    const walkers = [...servers, ...servers].map(async (_, index) => {
      const clients = servers.map(aClient);
      for (let turn = index; queue.length > 0; turn += 1) {
        const person = queue.shift();
        if (person) await walk(clients[turn % size] as Client, person);
      }
    });
    await Promise.all(walkers);

    const client = aClient(servers[0] as (typeof servers)[number]);
    const post = await collect(client, smtp, crowd);
    const count = crowd.length;
    expect(post).toEqual({ proofs: count, changes: count, duplicates: 0, links: count });
    const senders = servers.filter((server) => server.output().includes('"outcome":"sent"'));
    record({
      fault: `none: ${several}`,
      rounds: 1,
      figure: `0 requests failed; ${post.changes} changes = ${post.links} mails = ${post.links} working links, sent by ${senders.length} servers`,
    });

    const [here, there] = servers.map(aClient) as [Client, Client];
    const person = aPerson();
    await walk(here, person, 'logged in');
    const elsewhere = { ...person, token: (await there.login(person, person.old)).body.token };

    await walk(there, elsewhere);
    const next = { ...person, old: person.fresh, fresh: 'another password' };
    const refused = await here.change(next);
    expect(refused).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await here.change({ ...next, token: elsewhere.token })).toMatchObject({ status: 200 });
    record({
      fault: `none: ${several}`,
      rounds: 1,
      figure: 'a session that one ended was refused by the other at the next request',
    });
  });
});

describe.each(someDatabases)('on %s', (database) => {
  test('the mails of a server that is killed are taken over', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    const doomed = await start();
    const crowd = people(3);
    await enrol(doomed, smtp, crowd);
    const before = smtp.mails.length;
    const reached: string[] = [];
    // All of them are on their way when their server dies, and none was accepted.
    const dead = Promise.withResolvers<void>();
    smtp.manners = {
      beforeAccepting: ({ to }) => {
        reached.push(to);
        return dead.promise.then(() => 'drop' as const);
      },
    };
    for (const person of crowd) await walk(aClient(doomed), person);
    await eventually(() => reached).toHaveLength(crowd.length);
    const server = await start();
    await kill(doomed);
    const killedAt = performance.now();
    smtp.manners = {};
    dead.resolve();

    if (!isLong) clock.move(LEASE_OVER);
    const client = aClient(server);
    const changed = await settled(client, crowd);
    await eventually(() => smtp.mails.length - before).toBe(crowd.length);
    const took = performance.now() - killedAt;
    const post = await collect(client, smtp, changed);
    const count = crowd.length;
    expect(post).toEqual({ proofs: count, changes: count, duplicates: 0, links: count });
    record({
      fault: 'a server killed while it sends, another one running',
      rounds: 1,
      figure: `${post.links} of ${crowd.length} mails taken over, each once${isLong ? `, ${seconds(took)} after the kill` : ''}`,
    });
  });

  test('the mails of a server that stands still are taken over, and come twice at most', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    const asleep = await start();
    const person = aPerson();
    await enrol(asleep, smtp, [person]);
    const accepted = Promise.withResolvers<void>();
    smtp.manners = {
      beforeAccepting: () => void asleep.signal('SIGSTOP'),
      afterAccepting: () => void accepted.resolve(),
    };
    await walk(aClient(asleep), person);
    await accepted.promise;
    smtp.manners = {};

    clock.move(LEASE_OVER);
    const server = await start();
    // The third is that of the sign-up.
    await eventually(() => smtp.mails.length).toBe(3);
    asleep.signal('SIGCONT');
    await eventually(() => asleep.output()).toContain('"outcome":"lost claim"');
    const post = await collect(aClient(server), smtp, [person]);
    expect(post).toEqual({ proofs: 1, changes: 1, duplicates: 1, links: 1 });
    expect(await aClient(asleep).get('/health/ready')).toMatchObject({ status: 200 });
    record({
      fault: 'the event loop stopped for longer than a lease, another server running',
      rounds: 1,
      figure: '1 mail taken over; it came twice, with its Message-ID and link',
    });
  });
});
