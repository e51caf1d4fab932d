import { describe, expect, type TestContext, test, vi } from 'vitest';
import { runCli, type Server } from '../harness.ts';
import {
  aLife,
  ask,
  aWalker,
  type FlowName,
  flowNames,
  isDeath,
  isDone,
  type Life,
  mailsOf,
  type Services,
  servicesIn,
  stepsOf,
  takeStep,
  type Walker,
} from './flows.ts';
import { holdingsIn, leftOpen, tablesAfterDeath, tablesOf, waitingIn } from './holdings.ts';
import type { Mail } from './smtp.ts';
import {
  aClient,
  aMoment,
  aWorld,
  type DatabaseName,
  databases,
  eventually,
  kill,
  MOST_REPEATED,
  PATIENCE_MS,
  roundsOf,
  type World,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** Longer than a lease, and short beside the life of a link. */
const LEASE_OVER_MS = 61_000;
/** A server dies a moment after so many answers at most, however fast the machine is. */
const ANSWERS_OF_A_LIFE = 12;
const A_MOMENT_MS = 300;

type Stage = {
  readonly world: World;
  readonly services: Services;
  /** What the database holds of somebody after each step, the first of none. */
  readonly whole: ReadonlyMap<FlowName, readonly string[][]>;
};

/** Two services, and one walk through each flow that nothing disturbs. */
async function aStage(world: World, server: Server): Promise<Stage> {
  const services = await servicesIn(world);
  const life = aLife(world, services, server);
  const first = flowNames.map(aWalker);
  const whole = new Map<FlowName, string[][]>(flowNames.map((flow) => [flow, [[]]]));
  while (!first.every(isDone)) {
    const going = first.filter((walker) => !isDone(walker));
    await Promise.all(going.map((walker) => takeStep(life, aClient(server), walker)));
    const holdings = holdingsIn(await tablesOf(world));
    for (const walker of going) whole.get(walker.flow)?.push(holdings(walker));
  }
  await expectMails(world, first);
  await expectSpent(life, first);
  return { world, services, whole };
}

/** Everybody got a mail of each step that was taken, and no other; copies are equal. */
async function expectMails({ smtp }: World, walkers: readonly Walker[]): Promise<void> {
  const expected = walkers.map((walker) => [
    walker.flow,
    ...mailsOf(walker, stepsOf(walker).slice(0, walker.taken))
      .map(({ purpose, to }) => `${purpose} to ${to}`)
      .toSorted(),
  ]);
  const got = () =>
    walkers.map((walker) => {
      const mails = walker.emails.flatMap((email) => smtp.mailsTo(email));
      const firsts = new Map(mails.map((mail) => [mail.messageId, mail]));
      const each = [...firsts.values()].map(({ purpose, to }) => `${purpose} to ${to}`);
      return [walker.flow, ...each.toSorted()];
    });
  await eventually(got).toEqual(expected);
  for (const mail of walkers.flatMap(({ emails }) => emails.flatMap(smtp.mailsTo))) {
    const copies = smtp.mailsTo(mail.to).filter(({ messageId }) => messageId === mail.messageId);
    for (const copy of copies) expect(copy).toEqual(mail);
  }
}

/** Each link that was used is spent; answers how many there are. */
async function expectSpent(life: Life, walkers: readonly Walker[]): Promise<number> {
  const again = walkers.map(async (walker) => {
    const client = aClient(life.server);
    let links = 0;
    for (const [at, { what, spends }] of stepsOf(walker).entries()) {
      if (!spends) continue;
      links += 1;
      const { status } = await ask(life, client, walker, at);
      expect(`${walker.flow}, ${what}, once more: ${status}`).toMatch(/400$/);
    }
    return links;
  });
  return (await Promise.all(again)).reduce((sum, links) => sum + links, 0);
}

/** What became of the steps that were under way when a server died. */
type Tally = { answered: number; whole: number; undone: number };

/**
 * Looks at what a dead server left of people: they hold what they were answered, and the step that was under way is there
 * as a whole or not at all.
 */
function expectWhole(
  { whole }: Stage,
  holdings: (walker: Walker) => string[],
  walkers: readonly Walker[],
  tally: Tally,
): void {
  for (const walker of walkers) {
    const held = holdings(walker);
    const [before, after] = (whole.get(walker.flow) ?? []).slice(walker.taken);
    const isDone = JSON.stringify(held) === JSON.stringify(after);
    if (walker.isAsking && !walker.isFound) {
      walker.isFound = isDone;
      tally[isDone ? 'whole' : 'undone'] += 1;
    }
    walker.isAsking = false;
    const step = `${walker.flow}, ${stepsOf(walker)[walker.taken]?.what}`;
    expect({ step, held }).toEqual({ step, held: walker.isFound ? after : before });
  }
}

/** The audit verifies, and nothing is wrong with the rest, but for what the PostgreSQL of the tests does without. */
async function expectHealthy({ folder, env }: World, database: DatabaseName): Promise<void> {
  const { code, stdout, stderr } = await runCli(folder, ['audit', 'verify'], env);
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
  // By the clock of the machine, which is that of PostgreSQL.
  const { CLOCK_FILE: _file, NODE_OPTIONS: _preload, ...plain } = env;
  const doctor = await runCli(folder, ['doctor', '--json'], plain);
  const { checks }: { checks: { name: string; status: string }[] } = JSON.parse(doctor.stdout);
  const failed = checks.filter(({ status }) => status === 'FAIL').map(({ name }) => name);
  expect(failed).toEqual(database === 'PostgreSQL' ? ['durability'] : []);
}

/** Everybody goes from step to step, and is followed by another one at the end of a flow, until the server is killed. */
async function liveAndDie(
  { world, services }: Stage,
  server: Server,
  crowd: Crowd,
  tally: Tally,
): Promise<void> {
  const life = aLife(world, services, server);
  const fatal = tally.answered + Math.floor(Math.random() * ANSWERS_OF_A_LIFE);
  const doomed = Promise.withResolvers<void>();
  if (fatal === tally.answered) doomed.resolve();
  const walk = async (first: Walker) => {
    const client = aClient(server);
    let walker = first;
    try {
      while (!life.isOver) {
        if (isDone(walker)) walker = join(crowd, walker.flow);
        await takeStep(life, client, walker);
        tally.answered += 1;
        if (tally.answered === fatal) doomed.resolve();
      }
    } catch (error) {
      if (!isDeath(error)) throw error;
    }
  };
  const walking = Promise.all([...crowd.going].map(walk));
  await Promise.race([walking, doomed.promise]);
  await aMoment(A_MOMENT_MS);
  life.isOver = true;
  for (const command of life.commands) command.signal('SIGKILL');
  await kill(server);
  // By this, and by nothing else.
  expect(await server.exit).toEqual({ code: null, signal: 'SIGKILL' });
  await walking;
  await eventually(() => world.smtp.isIdle()).toBe(true);
}

/** Those who are on their way, and all who ever were. */
type Crowd = { going: Walker[]; readonly all: Walker[] };

function join(crowd: Crowd, flow: FlowName): Walker {
  const walker = aWalker(flow);
  crowd.going.push(walker);
  crowd.all.push(walker);
  return walker;
}

/** The id of a delivery. */
const idOf = ({ messageId }: Mail): string => /^<([^@]+)/.exec(messageId)?.[1] ?? '';

async function throughDeaths(context: TestContext, database: DatabaseName): Promise<void> {
  const world = await aWorld(context, database);
  const { smtp, clock } = world;
  let server = await world.start();
  const stage = await aStage(world, server);
  // The walk that nothing disturbs takes longer than a few more deaths.
  const rounds = Math.max(5, roundsOf());
  const tally: Tally = { answered: 0, whole: 0, undone: 0 };
  /** For each mail, after how many deaths it was accepted and not marked. */
  const unmarked = new Map<string, number>();
  let links = 0;
  const crowd: Crowd = { going: [], all: [] };
  for (const flow of flowNames) join(crowd, flow);

  for (let round = 0; round < rounds; round += 1) {
    const earlier = smtp.mails.length;
    await liveAndDie(stage, server, crowd, tally);
    const tables = await tablesAfterDeath(world);
    expect(leftOpen(tables)).toEqual([]);
    expectWhole(stage, holdingsIn(tables), crowd.going, tally);
    const waiting = waitingIn(tables);
    // What was accepted in an earlier life may still wait for its next attempt.
    const inLife = smtp.mails.slice(earlier).map(idOf);
    const accepted = new Set(inLife.filter((id) => waiting.has(id)));
    expect(accepted.size).toBeLessThanOrEqual(MOST_REPEATED);
    for (const id of accepted) unmarked.set(id, (unmarked.get(id) ?? 0) + 1);

    clock.move(LEASE_OVER_MS);
    server = await world.start();
    const done = crowd.going.filter(isDone);
    links += await expectSpent(aLife(world, stage.services, server), done);
    crowd.going = crowd.going.filter((walker) => !isDone(walker));
    // Whoever was done on the way has a successor already.
    const flowsUnderWay = new Set(crowd.going.map(({ flow }) => flow));
    for (const flow of flowNames) if (!flowsUnderWay.has(flow)) join(crowd, flow);
    if (round % 20 === 19) await expectHealthy(world, database);
  }

  const life = aLife(world, stage.services, server);
  const last = crowd.going.map(async (walker) => {
    const client = aClient(server);
    while (!isDone(walker)) await takeStep(life, client, walker);
  });
  await Promise.all(last);
  await expectMails(world, crowd.all);
  const holdings = holdingsIn(await tablesOf(world));
  for (const walker of crowd.all) {
    const { flow } = walker;
    expect([flow, holdings(walker)]).toEqual([flow, stage.whole.get(flow)?.at(-1)]);
  }
  links += await expectSpent(life, crowd.going);
  await expectHealthy(world, database);

  let [mails, repeats] = [0, 0];
  const sent = crowd.all.flatMap(({ emails }) => emails.flatMap(smtp.mailsTo));
  for (const [id, copies] of Map.groupBy(sent, idOf)) {
    expect(copies.length).toBeLessThanOrEqual(1 + (unmarked.get(id) ?? 0));
    mails += 1;
    repeats += copies.length - 1;
  }
  world.record({
    fault: 'kill -9 at random moments, while people go through everything that is mailed',
    rounds,
    figure: `${crowd.all.length} people, ${tally.answered} answered steps: 0 lost; of ${tally.whole + tally.undone} without an answer ${tally.whole} were done, the others not at all; ${mails} mails, each came, ${repeats} of them once more; ${links} links, each spent once; the audit verifies`,
  });
}

describe.each(databases)('on %s', (database) => {
  test('a server that is killed leaves no half of anything that is mailed, loses nothing, and lets no link be used twice', (context) =>
    throughDeaths(context, database));
});
