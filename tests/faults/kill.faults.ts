import { describe, expect, test, vi } from 'vitest';
import type { Server } from '../harness.ts';
import { record } from './figures.ts';
import type { Smtp } from './smtp.ts';
import {
  aClient,
  aMoment,
  aPerson,
  aWorld,
  collect,
  databases,
  enrol,
  eventually,
  isLong,
  kill,
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

/** Milliseconds: leases and waits of mails are over by then. */
const AN_HOUR_MS = 3_600_000;

/** Brings the server to a moment, and kills it there; answers the people who were on the way. */
type Killing = (server: Server, smtp: Smtp) => Promise<Person[]>;

const atAnyMoment: Killing = async (server) => {
  // Two are about to change their passwords, and one is new; the server dies somewhere on the way.
  const crowd = people(3);
  for (const person of crowd.slice(1)) await walk(aClient(server), person, 'logged in');
  const fatal = Math.floor(Math.random() * 6);
  const doomed = Promise.withResolvers<void>();
  let taken = 0;
  if (fatal === 0) doomed.resolve();
  const walking = Promise.allSettled(
    crowd.map(async (person) => {
      const client = aClient(server);
      while (person.step !== 'changed') {
        expect(await step(client, person)).toMatchObject({ status: 200 });
        taken += 1;
        if (taken === fatal) doomed.resolve();
      }
    }),
  );
  await doomed.promise;
  await aMoment(300);
  await kill(server);
  const failures = (await walking).flatMap((walk) =>
    walk.status === 'rejected' ? [walk.reason.code ?? walk.reason] : [],
  );
  // The connection broke, or there was none any more.
  expect(failures.filter((code) => !/^ECONN/.test(code))).toEqual([]);
  return crowd;
};

const beforeTheMail: Killing = async (server, smtp) => {
  const person = aPerson();
  await enrol(server, smtp, [person]);
  const dead = Promise.withResolvers<void>();
  // A mail that is on its way when the server dies is not accepted.
  smtp.manners = { beforeAccepting: () => dead.promise.then(() => 'drop' as const) };
  await walk(aClient(server), person);
  await kill(server);
  dead.resolve();
  const accepted = smtp.mails.filter(({ to }) => to === person.email);
  expect(accepted.map(({ purpose }) => purpose)).toEqual(['validate_email']);
  return [person];
};

const beforeTheMark: Killing = async (server, smtp) => {
  const person = aPerson();
  await enrol(server, smtp, [person]);
  const accepted = Promise.withResolvers<void>();
  smtp.manners = {
    // The server stands still: it cannot mark the mail that is accepted now.
    beforeAccepting: () => void server.signal('SIGSTOP'),
    afterAccepting: () => void accepted.resolve(),
  };
  await walk(aClient(server), person);
  await accepted.promise;
  await kill(server);
  return [person];
};

const atEightMails: Killing = async (server, smtp) => {
  const crowd = people(MOST_REPEATED + 4);
  await enrol(server, smtp, crowd);
  const inHand: string[] = [];
  const stopped = Promise.withResolvers<void>();
  smtp.manners = {
    beforeAccepting: async ({ to }) => {
      inHand.push(to);
      await stopped.promise;
      return undefined;
    },
  };
  const before = smtp.mails.length;
  await Promise.all(crowd.map((person) => walk(aClient(server), person)));
  await eventually(() => inHand.length).toBe(MOST_REPEATED);
  server.signal('SIGSTOP');
  stopped.resolve();
  await eventually(() => smtp.mails.length).toBe(before + MOST_REPEATED);
  await kill(server);
  // No lane took a ninth mail before its own was marked.
  expect(inHand).toHaveLength(MOST_REPEATED);
  return crowd;
};

/** How a server dies, in one of how many rounds, and how many mails come twice: at least, and at most. */
const killings = [
  ['kill -9 at random moments under load', atAnyMoment, 1, [0, MOST_REPEATED]],
  ['kill -9 between the commit and the mail', beforeTheMail, 20, [0, 0]],
  ['kill -9 between the 250 of the SMTP server and our mark', beforeTheMark, 20, [1, 1]],
  [
    'kill -9 with twelve mails owed and eight accepted',
    atEightMails,
    20,
    [MOST_REPEATED, MOST_REPEATED],
  ],
] as const;

describe.each(databases)('on %s', (database) => {
  test('a server that is killed loses nothing that it answered, sends every mail, and repeats eight at most', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    let server = await start();
    for (const [fault, killing, share, [least, most]] of killings) {
      const rounds = roundsOf(share);
      let [answered, changes, duplicates] = [0, 0, 0];
      for (let round = 0; round < rounds; round += 1) {
        const before = smtp.mails.length;
        const crowd = await killing(server, smtp);
        answered += crowd.filter(({ step }) => step === 'changed').length;
        smtp.manners = {};
        clock.move(AN_HOUR_MS);
        server = await start();

        const client = aClient(server);
        const known = await settled(client, crowd);
        const changed = known.filter(({ step }) => step === 'changed');
        const mails = () => smtp.mails.length - before;
        await eventually(mails).toBeGreaterThanOrEqual(known.length + changed.length + least);
        const post = await collect(client, smtp, known);
        expect(post.duplicates).toBeGreaterThanOrEqual(least);
        expect(post.duplicates).toBeLessThanOrEqual(most);
        for (const { messageId } of smtp.mails.slice(before)) {
          const copies = smtp.mails.filter((mail) => mail.messageId === messageId);
          expect(copies.length).toBeLessThanOrEqual(2);
        }
        expect(mails()).toBe(post.proofs + post.changes + post.duplicates);
        changes += post.changes;
        duplicates += post.duplicates;
      }
      record({
        fault,
        rounds,
        figure: `0 of ${answered} acknowledged changes lost; ${changes} changes = ${changes} Message-IDs = ${changes} working links; ${duplicates} mails came twice, none three times, each with its Message-ID and link`,
      });
    }
  });
});

describe.each(someDatabases)('on %s', (database) => {
  test('a server that is killed during its first start starts the next time', async (context) => {
    const rounds = roundsOf(10);
    const kills = isLong ? 5 : 2;
    /** Milliseconds that a start takes: the server is killed anywhere in it. */
    let usual = 1000;
    for (let round = 0; round < rounds; round += 1) {
      const { spawn, start } = await aWorld(context, database);
      for (let again = 0; again < kills; again += 1) {
        const doomed = spawn();
        await Promise.race([aMoment(usual), doomed.listening]);
        await kill(doomed);
      }
      const began = performance.now();
      const server = await start();
      usual = performance.now() - began;
      await walk(aClient(server), aPerson());
      await kill(server);
    }
    record(context, {
      fault: 'kill -9 during the first start and its migration',
      database,
      rounds: rounds * kills,
      figure: `${rounds} of ${rounds} databases good after ${kills} kills each`,
    });
  });
});
