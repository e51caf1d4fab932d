import {
  BadCursor,
  DAY_MS,
  IllegalArgument,
  NotFound,
  operator,
  TooManyRequests,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, endOf, keyValue, root, START, type World, world } from '../../testing/index.ts';
import { useCases } from '../index.ts';
import type { StreamItem } from './follow-events.ts';

const never = new AbortController().signal;
const START_AT = { limit: 50 };

/** A service with its key, and what happens at it. */
async function prepare(w: World = world()) {
  const owner = await w.addOwner();
  const { service } = owner;
  const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
  const by = asService(service);
  const { followEvents } = w.useCases.events;
  const read = (input: object = {}) => followEvents.execute(by, { ...START_AT, ...input });
  const stream = async (input: object = {}, signal = never) => {
    const how = { ...START_AT, heartbeatMs: 60_000, key: keyValue(key), signal, ...input };
    return (await followEvents.open(by, how)).items;
  };
  const rename = (name: string) =>
    w.useCases.users.updateUser.execute(by, { id: owner.user.id, name });
  return { w, owner, service, key, by, read, stream, rename };
}

const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

/** The next events of a stream, so many of them, without its heartbeats. */
async function take(stream: AsyncGenerator<readonly StreamItem[], void>, count: number) {
  const items: StreamItem[] = [];
  while (items.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    items.push(...(value ?? []).filter(({ event }) => event !== null));
  }
  return items;
}

/** Counts turns of the event loop, in each of which others could be answered. */
function countTurns() {
  let count = 0;
  const next = () => {
    count += 1;
    immediate = setImmediate(next);
  };
  let immediate = setImmediate(next);
  return {
    count: () => count,
    end: () => {
      clearImmediate(immediate);
      return count;
    },
  };
}

describe('events of a service', () => {
  test('come in their order, page after page, and none twice', async () => {
    const { read, rename } = await prepare();
    for (const name of ['A', 'B', 'C', 'D', 'E']) await rename(name);
    const all = (await read()).events;
    expect(typesOf(all)).toEqual(Array(5).fill('user.updated'));
    const first = await read({ limit: 2 });
    const second = await read({ limit: 2, after: first.next });
    const third = await read({ limit: 2, after: second.next });
    expect([...first.events, ...second.events, ...third.events]).toEqual(all);
    expect(first.completeUntil).toBeNull();
    expect(third.completeUntil).toBe(START);
    const none = await read({ after: third.next });
    expect(none.events).toEqual([]);
    await rename('F');
    expect((await read({ after: none.next })).events).toHaveLength(1);
  });

  test('come by their types alone, and the cursor goes on past the others', async () => {
    const { w, owner, read, rename } = await prepare();
    await rename('A');
    await w.logIn(owner);
    await rename('B');
    const found = await read({ types: ['session.started'] });
    expect(typesOf(found.events)).toEqual(['session.started']);
    expect((await read({ after: found.next })).events).toEqual([]);
  });

  test('that end trust come alone where revocations are asked for', async () => {
    const { w, owner, service, read, rename } = await prepare();
    const { sessionId, token } = await w.logIn(owner);
    await rename('A');
    await w.useCases.sessions.logOut.execute(asService(service), { token });
    const { events } = await read({ isRevocations: true });
    expect(events).toMatchObject([
      { type: 'session.ended', userId: owner.user.id, subjectId: sessionId },
    ]);
  });

  test('of another service are nobody else’s business', async () => {
    const { w, read, by } = await prepare();
    const other = await w.addService();
    const { followEvents } = w.useCases.events;
    const asked = { ...START_AT, serviceId: other.id };
    await expect(followEvents.execute(by, asked)).rejects.toThrow(NotFound);
    await expect(followEvents.execute(root, START_AT)).rejects.toThrow(IllegalArgument);
    expect((await followEvents.execute(root, asked)).events).toEqual([]);
    const { next } = await read();
    const foreign = followEvents.execute(asService(other), { ...START_AT, after: next });
    await expect(foreign).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  test.each(['', '1', '1.a.b', `${'9'.repeat(15)}..x`, 'ä'])(
    'refuse a cursor %j',
    async (after) => {
      const { read } = await prepare();
      await expect(read({ after })).rejects.toMatchObject({ code: 'invalid_cursor' });
    },
  );

  test('that are not kept any more end the cursors before them, and no others', async () => {
    const { w, read, rename } = await prepare();
    await rename('A');
    const { next: atA } = await read({ limit: 1 });
    await rename('B');
    const { next: atB } = await read();
    w.clock.set(START + 31 * DAY_MS);
    await w.useCases.maintenance.prune.execute(operator);
    await expect(read({ after: atA })).rejects.toMatchObject({ code: 'cursor_expired' });
    expect((await read({ after: atB })).events).toEqual([]);
    await rename('C');
    expect((await read({ after: atB })).events).toHaveLength(1);
    expect((await read()).events).toHaveLength(1);
  });

  test('of a database that came back from a backup end the cursors that it never made', async () => {
    const before = await prepare();
    await before.rename('A');
    await before.rename('B');
    const { next } = await before.read();
    const { rows } = {
      rows: await before.w.database.read(({ events }) => events.follow(before.service.id, 0, 9)),
    };
    const restored = await prepare();
    const moved = rows.map((row, at) => ({
      ...row,
      id: `0190000${at}-0000-7000-8000-000000000000`,
    }));
    await restored.w.database.transact(({ events }) => events.append(moved));
    const { followEvents } = useCases({ ...restored.w }).events;
    const asked = { ...START_AT, after: next };
    const foreign = followEvents.execute(asService(before.service), asked).catch((error) => error);
    // The service is there as well.
    await restored.w.database.transact(({ services }) => services.insert(before.service));
    expect(await foreign).toBeInstanceOf(NotFound);
    const end = await endOf(followEvents.execute(asService(before.service), asked));
    expect(end).toBeInstanceOf(BadCursor);
    expect(end).toMatchObject({ code: 'cursor_expired' });
  });

  test('come from a while ago on where that is asked for', async () => {
    const { w, read, rename } = await prepare();
    for (const [at, name] of ['A', 'B', 'C', 'D', 'E', 'F', 'G'].entries()) {
      w.clock.set(START + at * 3_600_000);
      await rename(name);
    }
    expect((await read({ sinceMs: 2.5 * 3_600_000 })).events).toHaveLength(3);
    expect((await read({ sinceMs: 0 })).events).toHaveLength(1);
    expect((await read({ sinceMs: 30 * DAY_MS })).events).toHaveLength(7);
  });

  test('are waited for', async () => {
    const { w, read, rename } = await prepare();
    const { next } = await read();
    const waiting = read({ after: next, waitMs: 60_000 });
    await rename('A');
    await w.useCases.maintenance.sequence.execute(operator);
    expect(typesOf((await waiting).events)).toEqual(['user.updated']);
  });

  test('that do not come are waited for no longer than was said, and the cursor is good', async () => {
    const { read, rename } = await prepare();
    const none = await read({ waitMs: 5 });
    expect(none).toMatchObject({ events: [], completeUntil: START });
    await rename('A');
    expect((await read({ after: none.next })).events).toHaveLength(1);
  });
});

describe('a stream of events', () => {
  test('has what was there, what comes, and a cursor with each', async () => {
    const { w, stream, read, rename } = await prepare();
    await rename('A');
    const events = await stream();
    expect(await take(events, 1)).toMatchObject([{ event: { type: 'user.updated' } }]);
    const waiting = take(events, 2);
    await rename('B');
    await rename('C');
    await w.useCases.maintenance.sequence.execute(operator);
    const [first] = await waiting;
    expect((await read({ after: first?.cursor })).events).toHaveLength(1);
    await events.return();
  });

  test('goes on where many more events came than are remembered', async () => {
    const { w, owner, service, stream } = await prepare();
    const events = await stream();
    const [add, ids] = [1500, w.ids];
    await w.database.transact(async (stores) => {
      for (let i = 0; i < add; i += 1) {
        const of = { serviceId: service.id, userId: owner.user.id, subjectId: null, data: {} };
        await stores.events.insert({
          id: ids.next(),
          createdAt: START,
          type: 'user.locked',
          ...of,
        });
      }
    });
    await w.useCases.maintenance.sequence.execute(operator);
    const seen = await take(events, add);
    expect(new Set(seen.map(({ event }) => event?.id)).size).toBe(add);
    await events.return();
  });

  test('that catches up lets others be answered after each page', async () => {
    const { stream, rename } = await prepare();
    for (let n = 0; n < 20; n += 1) await rename(`Ada ${n}`);
    const events = await stream({ limit: 1 });
    const turns = countTurns();
    await take(events, 20);
    expect(turns.end()).toBeGreaterThanOrEqual(18);
    await events.return();
  });

  test('that has many beside it lets others be answered before all of them are told', async () => {
    const { w, stream, rename } = await prepare();
    const streams = await Promise.all(Array.from({ length: 200 }, () => stream()));
    await rename('A');
    const turns = countTurns();
    const told = streams.map(async (each) => {
      await take(each, 1);
      return turns.count();
    });
    await w.useCases.maintenance.sequence.execute(operator);
    const all = await Promise.all(told);
    turns.end();
    expect(new Set(all).size).toBeGreaterThanOrEqual(4);
    for (const each of streams) await each.return();
  });

  test('of rare types says how far it has come, past all the others', async () => {
    const { w, stream, read, rename } = await prepare();
    const events = await stream({ types: ['user.locked'], heartbeatMs: 1 });
    const cursorOf = async () => {
      const { value } = await events.next();
      expect(value).toMatchObject([{ event: null, completeUntil: null }]);
      return value?.[0]?.cursor;
    };
    await cursorOf();
    await rename('A');
    await w.useCases.maintenance.sequence.execute(operator);
    const { next } = await read();
    await expect.poll(cursorOf).toBe(next);
    await events.return();
  });

  test('of revocations says up to when it is complete, again and again', async () => {
    const { w, stream } = await prepare();
    const events = await stream({ isRevocations: true, heartbeatMs: 1 });
    const beats: unknown[] = [];
    for await (const [item] of events) {
      beats.push(item?.completeUntil);
      w.clock.set(START + beats.length * 1000);
      if (beats.length === 3) break;
    }
    expect(beats).toEqual([...beats].toSorted());
    expect(new Set(beats).size).toBe(3);
    expect(beats[0]).toBe(START);
  });

  test('of revocations never says more than it has told, however slowly it is read', async () => {
    const { w, owner, by, stream } = await prepare();
    const events = await stream({ isRevocations: true, heartbeatMs: 1 });
    for (let round = 1; round <= 3; round += 1) {
      // Nobody reads while it happens, and while the feed is found to be complete.
      const at = START + round * 1000;
      w.clock.set(at);
      const { sessionId, token } = await w.logIn(owner);
      await w.useCases.sessions.logOut.execute(by, { token });
      const other = await stream({ isRevocations: true, heartbeatMs: 1 });
      for await (const [item] of other) if ((item?.completeUntil ?? 0) >= at) break;
      let isTold = false;
      for await (const items of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) {
        for (const { event, completeUntil } of items) {
          if (event?.subjectId === sessionId) isTold = true;
          if (completeUntil !== null && completeUntil >= at) expect(isTold).toBe(true);
        }
        if (isTold) break;
      }
    }
    await events.return();
  });

  test('ends when its key is good no more', async () => {
    const { w, stream, key, owner } = await prepare();
    const events = await stream();
    const ended = take(events, 1);
    await w.useCases.keys.retireKey.execute(operator, { id: key.id });
    // Of the retired key there is an event as well; the stream ends after it.
    await ended;
    expect(await take(events, 9)).toEqual([]);
    expect(owner.user.isEnabled).toBe(true);
  });

  test('ends with its signal', async () => {
    const { stream } = await prepare();
    const stop = new AbortController();
    const events = await stream({}, stop.signal);
    const ended = take(events, 1);
    stop.abort();
    expect(await ended).toEqual([]);
  });

  test('is refused where a service has as many as it may, and there are as many as there may be', async () => {
    const w = world();
    const settings = { ...w.settings, streams: { perService: 2, total: 3 } };
    const narrow = { ...w, useCases: useCases({ ...w, settings }) };
    const [one, other] = [await prepare(narrow), await prepare(narrow)];
    const stop = new AbortController();
    const open = [await one.stream({}, stop.signal), await one.stream({}, stop.signal)];
    await expect(one.stream()).rejects.toThrow(TooManyRequests);
    await expect(one.read({ waitMs: 1000 })).rejects.toThrow(TooManyRequests);
    open.push(await other.stream({}, stop.signal));
    await expect(other.stream()).rejects.toThrow(TooManyRequests);
    // Who does not wait needs no place.
    expect((await one.read()).events).toEqual([]);
    stop.abort();
    expect(await Promise.all(open.map((each) => take(each, 1)))).toEqual([[], [], []]);
    await (await one.stream()).return();
  });
});
