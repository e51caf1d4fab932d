import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  onTestFinished,
  type TestContext,
  test,
  vi,
} from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import type { Server } from '../harness.ts';
import { aSmallDisk, type Disk } from './disk.ts';
import { seconds } from './figures.ts';
import { type OwnPostgres, ownPostgres } from './postgres.ts';
import {
  type Answer,
  aClient,
  aMoment,
  aPerson,
  aWorld,
  collect,
  eventually,
  isLong,
  PATIENCE_MS,
  type Person,
  people,
  roundsOf,
  settled,
  step,
  type World,
  walk,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });

/** Checks the one answer that a server gives while its database is away. */
function expectUnavailable({ status, body, headers }: Answer): void {
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'unavailable' });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
}

/** People who sign up, log in and change their passwords, one after another, until they are told to stop. */
function load(server: Server, walkers: number) {
  const crowd: Person[] = [];
  let [answers, refusals, lastRefusal, isOver] = [0, 0, 0, false];
  const walking = Array.from({ length: walkers }, async () => {
    const client = aClient(server);
    let person = aPerson();
    while (!isOver) {
      const { step: before } = person;
      const answer = await step(client, person);
      answers += 1;
      if (answer.status !== 200) {
        expectUnavailable(answer);
        refusals += 1;
        lastRefusal = performance.now();
        await setTimeout(100);
      }
      if (before === 'nobody' && answer.status === 200) crowd.push(person);
      // A change or an account that was refused may have been made all the same: somebody else goes on.
      if (before === 'logged in' || person.step === 'nobody') person = aPerson();
    }
  });
  const done = Promise.all(walking);
  // It is looked at when the load stops.
  done.catch(() => undefined);
  return {
    crowd,
    refusals: () => refusals,
    /**
     * Milliseconds from the return of the database until the server is ready and refuses nobody any more, which
     * is known when the people under way are many steps further.
     */
    recovery: async () => {
      const began = performance.now();
      const client = aClient(server);
      await eventually(async () => (await client.get('/health/ready')).status).toBe(200);
      const ready = performance.now();
      const before = answers;
      await eventually(() => answers).toBeGreaterThan(before + 3 * walkers);
      return Math.max(ready, lastRefusal) - began;
    },
    stop: async () => {
      isOver = true;
      await done;
      return { answers, refusals };
    },
  };
}

/** Checks that the server lives, and says that it is not ready. */
async function expectAway(server: Server): Promise<void> {
  const client = aClient(server);
  expect(await client.get('/health/live')).toMatchObject({ status: 200 });
  expectUnavailable(await client.get('/health/ready'));
}

describe('on SQLite', () => {
  test('a write lock that another process holds is a 503, and then all is well', async (context) => {
    const { folder, smtp, start, record } = await aWorld(context, 'SQLite');
    const server = await start();
    const client = aClient(server);
    const person = aPerson();
    await walk(client, person, 'logged in');

    // The server gives a place to what the login recorded about now.
    const other = new DatabaseSync(path.join(folder, 'data/rekey.db'), { timeout: 10_000 });
    other.exec('begin immediate');
    const began = performance.now();
    const waiting = Promise.all([step(client, person), step(aClient(server), aPerson())]);
    expect(await aClient(server).get('/health/ready')).toMatchObject({ status: 200 });
    for (const answer of await waiting) expectUnavailable(answer);
    const took = performance.now() - began;
    other.exec('rollback');
    other.close();

    await settled(client, [person]);
    expect(person.step).toBe('logged in');
    await walk(client, person);
    const post = await collect(client, smtp, [person]);
    expect(post).toEqual({ proofs: 1, changes: 1, duplicates: 0, links: 1 });
    record({
      fault: 'the write lock held by another process',
      rounds: 1,
      figure: `503 with Retry-After after ${seconds(took)}, nothing half done; then 200`,
    });
  });

  test('a disk that is full is a 503, and then all is well', async (context) => {
    const disk = aSmallDisk(8) ?? skipDisk(context);
    const url = `sqlite:${path.join(disk.folder, 'data/rekey.db')}`;
    await expectFullDisk(disk, await aWorld(context, 'SQLite', url));
  });
});

describe('on PostgreSQL', () => {
  let own: OwnPostgres | null;
  beforeAll(async () => {
    own = await ownPostgres();
  });
  afterAll(() => own?.end());

  async function setUp(context: TestContext) {
    const postgres = own ?? context.skip('PostgreSQL cannot run here');
    const url = await postgres.freshDatabase();
    const world = await aWorld(context, 'PostgreSQL', url);
    return { ...world, postgres, url, server: await world.start() };
  }

  /** Checks that every answer holds, with one mail each. */
  async function expectKept({ smtp }: World, server: Server, crowd: Person[]): Promise<number> {
    const client = aClient(server);
    const { changes, duplicates } = await collect(client, smtp, await settled(client, crowd));
    expect(duplicates).toBe(0);
    return changes;
  }

  // The short form has no need of a short crash: below is a long one.
  test.for(isLong ? (['fast', 'immediate'] as const) : (['fast'] as const))(
    'a restart, %s, is a 503, and then all is well',
    async (how, context) => {
      const world = await setUp(context);
      const { postgres, server, record } = world;
      const rounds = roundsOf(20);
      const crowd: Person[] = [];
      let [answers, refusals, slowest] = [0, 0, 0];
      for (let round = 0; round < rounds; round += 1) {
        const loaded = load(server, 2);
        await eventually(() => loaded.crowd.some(({ step }) => step === 'changed')).toBe(true);
        await aMoment(300);
        await postgres.stop(how);
        await postgres.start();
        slowest = Math.max(slowest, await loaded.recovery());
        const outcome = await loaded.stop();
        crowd.push(...loaded.crowd);
        answers += outcome.answers;
        refusals += outcome.refusals;
      }
      const changes = await expectKept(world, server, crowd);
      record({
        fault: `PostgreSQL restarted, ${how}, under load`,
        rounds,
        figure: `of ${answers} requests ${refusals} were a 503 with Retry-After, the others 200; back ${seconds(slowest)} after the database at most; ${changes} changes, each with one mail`,
      });
    },
  );

  test('gone is a 503 until it comes back', async (context) => {
    const world = await setUp(context);
    const { postgres, server, record } = world;
    const loaded = load(server, 2);
    await eventually(() => loaded.crowd.some(({ step }) => step === 'changed')).toBe(true);
    await postgres.stop('immediate');
    await eventually(loaded.refusals).toBeGreaterThan(3);
    await expectAway(server);
    await postgres.start();
    const took = await loaded.recovery();
    const { refusals } = await loaded.stop();
    const changes = await expectKept(world, server, loaded.crowd);
    record({
      fault: 'PostgreSQL gone',
      rounds: 1,
      figure: `${refusals} requests were a 503 with Retry-After, /health/ready too, /health/live 200; back after ${seconds(took)}; ${changes} changes, each with one mail`,
    });
  });

  // A server waits eight seconds for one that says nothing.
  test.skipIf(skips(!isLong, 'a frozen PostgreSQL, but in the long form'))(
    'frozen is a 503 until it thaws',
    async (context) => {
      const world = await setUp(context);
      const { postgres, server, record } = world;
      const loaded = load(server, 2);
      await eventually(() => loaded.crowd.some(({ step }) => step === 'changed')).toBe(true);
      await postgres.freeze();
      const began = performance.now();
      await expectAway(server);
      await eventually(loaded.refusals).toBeGreaterThanOrEqual(3);
      const refused = performance.now() - began;
      await postgres.thaw();
      const took = await loaded.recovery();
      await loaded.stop();
      const changes = await expectKept(world, server, loaded.crowd);
      record({
        fault: 'PostgreSQL frozen',
        rounds: 1,
        figure: `503 with Retry-After after ${seconds(refused)}, /health/live 200; back after ${seconds(took)}; ${changes} changes, each with one mail`,
      });
    },
  );

  test('a pool that is exhausted, and a lock that another holds, are a 503', async (context) => {
    const world = await setUp(context);
    const { postgres, url, server, record } = world;
    const person = aPerson();
    await walk(aClient(server), person, 'logged in');
    await postgres.query(url, 'begin');
    await postgres.query(url, 'lock table users');

    const requests = 40;
    const waits: number[] = [];
    await Promise.all(
      Array.from({ length: requests }, async () => {
        const began = performance.now();
        expectUnavailable(await aClient(server).login(aPerson(), person.old));
        waits.push(performance.now() - began);
      }),
    );
    expect(await aClient(server).get('/health/live')).toMatchObject({ status: 200 });
    await postgres.query(url, 'rollback');
    await walk(aClient(server), person);
    const changes = await expectKept(world, server, [person]);
    record({
      fault: 'a table locked by another, and more requests than connections',
      rounds: 1,
      figure: `${requests} of ${requests} requests were a 503 with Retry-After, the last after ${seconds(Math.max(...waits))}; then 200; ${changes} change, one mail`,
    });
  });

  // PostgreSQL needs a disk of some size, and a start of its own on it.
  test.skipIf(skips(!isLong, 'a full disk of PostgreSQL, but in the long form'))(
    'a disk that is full is a 503, and then all is well',
    async (context) => {
      const disk = aSmallDisk(160) ?? skipDisk(context);
      const postgres =
        (await ownPostgres(disk.folder)) ?? context.skip('PostgreSQL cannot run here');
      onTestFinished(() => postgres.end());
      await expectFullDisk(
        disk,
        await aWorld(context, 'PostgreSQL', await postgres.freshDatabase()),
      );
    },
  );
});

function skipDisk({ skip }: TestContext): never {
  process.stdout.write('skipped: a full disk needs the right to mount one\n');
  return skip('no right to mount');
}

async function expectFullDisk(disk: Disk, { smtp, start, record }: World): Promise<void> {
  const server = await start();
  const client = aClient(server);
  const crowd = people(3);
  const [first, ...others] = crowd;
  if (first) await walk(client, first);
  for (const person of others) await walk(client, person, 'logged in');
  disk.fill();
  let refused: Answer | undefined;
  for (const person of others) {
    const answer = await step(client, person);
    if (answer.status !== 200) refused ??= answer;
  }
  while (refused === undefined) {
    const person = aPerson();
    crowd.push(person);
    const answer = await step(client, person);
    if (answer.status !== 200) refused = answer;
  }
  expectUnavailable(refused);
  expect(await client.get('/health/live')).toMatchObject({ status: 200 });

  disk.clear();
  await eventually(async () => (await client.get('/health/ready')).status).toBe(200);
  const known = await settled(client, crowd);
  // People who were refused try again.
  for (const person of others) await walk(client, person);
  const post = await collect(client, smtp, await settled(client, known));
  expect(post.duplicates).toBe(0);
  record({
    fault: 'disk full',
    rounds: 1,
    figure: `503 with Retry-After, and nothing half done; well when there is room; ${post.changes} changes, each with one mail`,
  });
}
