import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Server } from '../harness.ts';
import { seconds } from './figures.ts';
import {
  aClient,
  aMoment,
  aPerson,
  aWorld,
  collect,
  enrol,
  eventually,
  isLong,
  MOST_REPEATED,
  PATIENCE_MS,
  type Person,
  people,
  roundsOf,
  settled,
  someDatabases,
  step,
  walk,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const AN_HOUR_MS = 3_600_000;
const A_DAY_MS = 24 * AN_HOUR_MS;

const signals = ['SIGTERM', 'SIGINT'] as const;

type Load = {
  /** Every client has had an answer. */
  readonly isOn: Promise<unknown>;
  readonly done: Promise<{ answers: number; failures: string[] }>;
};

/**
 * People who change their passwords and clients that look at the server, each on a connection of its own, one request
 * after the other, until the server says that it closes the connection. Anything but 200 is a failure.
 */
function load(server: Server, crowd: Person[]): Load {
  const failures: string[] = [];
  let answers = 0;
  const clients = [...crowd, undefined, undefined, undefined].map((person) => {
    const client = aClient(server);
    const isOn = Promise.withResolvers<void>();
    const act = async () => {
      while (!client.isDismissed()) {
        const isWalking = person !== undefined && person.step !== 'changed';
        const { status } = isWalking ? await step(client, person) : await client.get('/ping');
        isOn.resolve();
        answers += 1;
        if (status !== 200) failures.push(String(status));
        if (!isWalking) await aMoment(20);
      }
    };
    const done = act().catch((error: NodeJS.ErrnoException) => {
      failures.push(error.code ?? String(error));
    });
    return { isOn: isOn.promise, done };
  });
  return {
    isOn: Promise.all(clients.map(({ isOn }) => isOn)),
    done: Promise.all(clients.map(({ done }) => done)).then(() => ({ answers, failures })),
  };
}

describe.each(someDatabases)('on %s', (database) => {
  test.for(signals.slice(0, isLong ? 2 : 1))(
    '%s under load fails no request',
    async (signal, context) => {
      const { smtp, clock, start, record } = await aWorld(context, database);
      const rounds = roundsOf(20);
      let answers = 0;
      let slowest = 0;
      let server = await start();

      for (let round = 0; round < rounds; round += 1) {
        const crowd = people(4);
        for (const person of crowd.slice(2)) await walk(aClient(server), person, 'logged in');
        const { isOn, done } = load(server, crowd);
        await isOn;
        await aMoment(300);
        const began = performance.now();
        server.signal(signal);
        expect(await server.exit).toEqual({ code: 0, signal: null });
        slowest = Math.max(slowest, performance.now() - began);
        // Before the server itself would have given up: within ten seconds.
        expect(server.output()).toContain('"msg":"stopped"');
        expect(server.output()).not.toContain('with work under way');
        const outcome = await done;
        expect(outcome.failures).toEqual([]);
        answers += outcome.answers;

        clock.move(AN_HOUR_MS);
        server = await start();
        const client = aClient(server);
        const post = await collect(client, smtp, await settled(client, crowd));
        expect(post.duplicates).toBe(0);
      }
      record({
        fault: `${signal} under load`,
        rounds,
        figure: `0 of ${answers} requests failed; exit code 0 after ${seconds(slowest)} at most; every change held, with one mail`,
      });
    },
  );

  test('a server whose pool of SMTP connections hangs or idles ends when it is told to, and no mail is lost', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    let server = await start();
    const crowd = people(6);
    // Connections that are idle from now on, and are kept.
    await enrol(server, smtp, crowd);
    const stalled = new Set<string>();
    const hang = (address: string) => {
      stalled.add(address);
      return 'stall' as const;
    };
    const [first, second, ...others] = crowd.map(({ email }) => email);
    smtp.manners = {
      recipient: (address) => (others.includes(address) ? hang(address) : undefined),
      // The server has the mail and does not say so.
      beforeAccepting: ({ to }) => (to === second ? hang(to) : undefined),
    };
    for (const person of crowd) await walk(aClient(server), person);
    await eventually(() => [smtp.mailsTo(first ?? '').length, stalled.size]).toEqual([2, 5]);
    const began = performance.now();
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 0, signal: null });
    const took = performance.now() - began;
    expect(server.output()).toContain('"msg":"stopped"');
    expect(server.output()).not.toContain('with work under way');

    smtp.manners = {};
    clock.move(AN_HOUR_MS);
    server = await start();
    const { changes, duplicates } = await collect(aClient(server), smtp, crowd);
    expect({ changes, duplicates }).toEqual({ changes: 6, duplicates: 0 });
    record({
      fault: 'SIGTERM while an SMTP server stalls on 5 of 8 connections and the others are idle',
      rounds: 1,
      figure: `exit code 0 after ${seconds(took)}; ${changes} changes, each with one mail`,
    });
  });

  test('a second signal ends the server at once, and every answer holds', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    const rounds = roundsOf(20);
    let slowest = 0;
    let changes = 0;
    let server = await start();

    for (let round = 0; round < rounds; round += 1) {
      for (const signal of signals) {
        const crowd = people(3);
        for (const person of crowd) await walk(aClient(server), person, 'logged in');
        const { done } = load(server, crowd);
        await eventually(() => crowd.some((person) => person.step === 'changed')).toBe(true);
        server.signal(signal);
        const doomed = server;
        await eventually(() => doomed.output()).toContain('"msg":"stopping"');
        const began = performance.now();
        server.signal(signal);
        expect(await server.exit).toEqual({ code: 1, signal: null });
        slowest = Math.max(slowest, performance.now() - began);
        await done;

        clock.move(AN_HOUR_MS);
        server = await start();
        const client = aClient(server);
        const post = await collect(client, smtp, await settled(client, crowd));
        expect(post.duplicates).toBeLessThanOrEqual(MOST_REPEATED);
        changes += post.changes;
      }
    }
    record({
      fault: 'SIGTERM or SIGINT twice under load',
      rounds: 2 * rounds,
      figure: `exit code 1 after ${seconds(slowest)} at most; ${changes} changes held, each with its mail`,
    });
  });

  test('an event loop that stands still fails no request', async (context) => {
    const { smtp, start, record } = await aWorld(context, database);
    const server = await start();
    const rounds = roundsOf(50);
    const pause = isLong ? 5000 : 1000;
    const crowd: Person[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const some = people(3);
      crowd.push(...some);
      const walking = some.map((person) => walk(aClient(server), person));
      await aMoment(300);
      server.signal('SIGSTOP');
      await setTimeout(pause);
      server.signal('SIGCONT');
      await Promise.all(walking);
    }
    const client = aClient(server);
    const { changes, duplicates } = await collect(client, smtp, await settled(client, crowd));
    expect({ changes, duplicates }).toEqual({ changes: crowd.length, duplicates: 0 });
    record({
      fault: `the event loop stopped for ${seconds(pause)} under load`,
      rounds,
      figure: `0 of ${3 * crowd.length} requests failed; ${changes} changes, each with one mail`,
    });
  });

  test('a clock that jumps by days loses no mail', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    const server = await start();
    const client = aClient(server);
    const crowd: Person[] = [];
    const jumps = [3 * A_DAY_MS, -6 * A_DAY_MS, 3 * A_DAY_MS];
    for (const jump of jumps) {
      const [owed, later] = [aPerson('owed'), aPerson('later')];
      crowd.push(owed, later);
      // Refused for now, on new connections and on kept ones, so that the mail is owed when the clock jumps.
      smtp.manners = { recipient: () => 451 };
      await walk(client, owed);
      const tries = () =>
        server
          .output()
          .split('\n')
          .filter((line) => /"kind":"update_password"/.test(line) && /"put off"/.test(line)).length;
      const before = tries();
      await eventually(tries).toBeGreaterThan(before);
      clock.move(jump);
      smtp.manners = {};
      await walk(client, later);
      expect(await settled(client, [owed, later])).toHaveLength(2);
      // Of a sign-up and of a change each.
      await eventually(() => smtp.mails.length).toBe(2 * crowd.length);
    }
    const { changes, duplicates } = await collect(client, smtp, crowd);
    expect(duplicates).toBe(0);
    record({
      fault: 'the clock jumps 3 days on, 6 days back, 3 days on',
      rounds: jumps.length,
      figure: `no request failed; ${changes} changes, each with one mail`,
    });
  });
});
