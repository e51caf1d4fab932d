import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import { openDatabase } from '../../packages/adapters-db/src/index.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { operator } from '../../packages/domain/src/index.ts';
import { record as recordEntry } from '../../packages/usecases/src/shared/record.ts';
import { anEvent, asService, world } from '../../packages/usecases/testing/index.ts';
import { aFolder } from '../harness.ts';
import { record, seconds } from './figures.ts';
import { type DatabaseName, databases, eventually, PATIENCE_MS, roundsOf } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** What is told and recorded in a round, by so many transactions at once. */
const TOLD = 60;
const AT_ONCE = 12;
/** A sequencer dies at some time within so long after the first commit of a round. */
const WITHIN_MS = 40;

/** A database with a chain, and ways to tell and to look: this process gives no places. */
async function aStage(context: TestContext, name: DatabaseName) {
  const url = name === 'SQLite' ? `sqlite:${aFolder()}/rekey.db` : await freshPostgres();
  if (url === null) return context.skip('PostgreSQL cannot run here');
  const { database, migrate, close } = await openDatabase({ url });
  onTestFinished(close);
  await migrate();
  const w = world(database);
  await w.useCases.audit.beginAudit.execute(operator);
  const made = { name: 'Shop', url: 'https://shop.example' };
  const { service } = await w.useCases.services.createServiceWithKey.execute(operator, made);
  const told: string[] = [];
  const tell = async () => {
    const event = anEvent({ serviceId: service.id });
    const subjectId = event.id;
    await database.transact(async (stores) => {
      await stores.events.insert(event);
      const of = { type: 'sso:AuthTotp', serviceId: service.id, subjectId } as const;
      await recordEntry(w, stores, asService(service), of);
    });
    told.push(event.id);
  };
  const isPlaced = () => database.read(({ pending }) => pending.isEmpty());
  /** All that was told is in the feed and in the chain, once, without gaps. */
  const check = async () => {
    const events = await database.read((stores) => stores.events.follow(service.id, 0, 1e6));
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ id }) => id).toSorted()).toEqual(told.toSorted());
    const entries = await database.read(({ audit }) => audit.follow(service.id, 1, 1e6));
    expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 2));
    expect(entries.map(({ subjectId }) => subjectId).toSorted()).toEqual(told.toSorted());
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    expect(reports.map(({ fault }) => fault)).toEqual(reports.map(() => null));
  };
  return { url, tell, isPlaced, check };
}

async function aSequencer(url: string): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, 'sequencing-process.ts'), [url]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  expect(message).toBe('ready');
  return child;
}

/** Tells much, at several at a time. */
async function tellMuch(tell: () => Promise<void>): Promise<void> {
  let left = TOLD;
  const teller = async () => {
    while (left > 0) {
      left -= 1;
      await tell();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, teller));
}

const average = (all: readonly number[]) => all.reduce((sum, each) => sum + each, 0) / all.length;
const sayTimes = (all: readonly number[]): string =>
  `${seconds(average(all))} on average, ${seconds(Math.max(...all))} at most`;

describe.each(databases)('places on %s', (name) => {
  test('are all given, once and in order, while sequencers are killed at it', async (context) => {
    const { url, tell, isPlaced, check } = await aStage(context, name);
    const rounds = roundsOf();
    let [first, second] = [await aSequencer(url), await aSequencer(url)];
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const telling = tellMuch(tell);
      await setTimeout(Math.random() * WITHIN_MS);
      const victim = first;
      const killed = performance.now();
      victim.kill('SIGKILL');
      await Promise.all([telling, once(victim, 'exit')]);
      await eventually(isPlaced).toBe(true);
      times.push(performance.now() - killed);
      if (round % 20 === 0 || round === rounds - 1) await check();
      [first, second] = [second, await aSequencer(url)];
    }
    record(context, {
      fault: 'kill -9 of whoever gives places, while another one stands by',
      database: name,
      rounds,
      figure: `0 of ${rounds * TOLD} events and entries lost, doubled or out of place; all had their places ${sayTimes(times)} after the death, the commits of the round included`,
    });
  });
});

test('places on PostgreSQL are given by another one when the one at it is stopped in the middle', async (context) => {
  const { url, tell, isPlaced, check } = await aStage(context, 'PostgreSQL');
  const rounds = roundsOf(10);
  const holder = await openDatabase({ url });
  onTestFinished(() => holder.close());
  await aSequencer(url);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await eventually(isPlaced).toBe(true);
    // As a process that is stopped between two statements: it has the turn, and says no more.
    const hasTurn = Promise.withResolvers<number>();
    const stopped = holder.database.transact(async ({ pending }) => {
      await pending.takeTurn({ isPatient: true });
      hasTurn.resolve(performance.now());
      await pending.take(500);
      await isFree;
      // What it would do next is refused, for its transaction is gone.
      await pending.take(500);
    });
    const mayGoOn = Promise.withResolvers<void>();
    const isFree = mayGoOn.promise;
    const began = await hasTurn.promise;
    await tellMuch(tell);
    await eventually(isPlaced).toBe(true);
    times.push(performance.now() - began);
    mayGoOn.resolve();
    await expect(stopped).rejects.toThrow();
  }
  await check();
  record(context, {
    fault: 'whoever gives places stands still in the middle of it',
    database: 'PostgreSQL',
    rounds,
    figure: `another one took over: all had their places ${sayTimes(times)} after the standstill began (promised: 2 s)`,
  });
});
