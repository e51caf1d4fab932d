import { expect, test } from 'vitest';
import type { FoundBy, Lookup } from './dialect.ts';
import { keptReads } from './kept-reads.ts';

type Row = FoundBy & { readonly value: number; readonly ids: readonly string[] };

const lookupOf = (name: string): Lookup<Row, Row> => ({
  statement: { name, sql: '' },
  as: (row) => row,
  idsOf: ({ ids }) => ids,
});
const sessions = lookupOf('sessions');

/** A table that can be changed, and what was asked of it. */
function world({ maxAnswers = 100 } = {}) {
  const table = new Map<string, Row>();
  const asked: string[][] = [];
  const trust = { proven: true, listening: true };
  let time = 0;
  /** Holds the answers back until it is called. */
  let letThrough: (() => void) | null = null;
  let held = Promise.resolve();
  const reads = keptReads({
    trust: { isProven: () => trust.proven, isListening: () => trust.listening },
    now: () => time,
    maxAnswers,
    async ask(_, texts) {
      asked.push([...texts]);
      const rows = texts.flatMap((text) => table.get(text) ?? []);
      await held;
      return rows as never[];
    },
  });
  return {
    reads,
    asked,
    trust,
    put: (foundBy: string, value: number, ...ids: string[]) =>
      table.set(foundBy, { foundBy, value, ids }),
    delete: (text: string) => table.delete(text),
    wait: (ms: number) => {
      time += ms;
    },
    hold() {
      const gate = Promise.withResolvers<void>();
      held = gate.promise;
      letThrough = gate.resolve;
    },
    open: () => letThrough?.(),
    find: async (text: string) => (await reads.find(sessions, text))?.value ?? null,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the lookups of one turn are asked together, each text once and each kind by itself', async () => {
  const { reads, asked, put, find } = world();
  for (const [value, text] of ['a', 'b', 'c'].entries()) put(text, value);
  const found = await Promise.all([find('a'), find('b'), find('a'), find('unknown')]);
  expect(found).toEqual([0, 1, 0, null]);
  await Promise.all([reads.find(lookupOf('keys'), 'a'), find('c')]);
  expect(asked).toEqual([['a', 'b', 'unknown'], ['a'], ['c']]);
});

test('an answer is kept until a row that it rests on changes', async () => {
  const { reads, asked, put, find } = world();
  put('a', 1, 'user', 'key');
  put('b', 1, 'other');
  await Promise.all([find('a'), find('b')]);
  put('a', 2, 'user', 'key');
  put('b', 2, 'other');
  expect(await find('a')).toBe(1);
  reads.forget(['key']);
  expect([await find('a'), await find('b')]).toEqual([2, 1]);
  reads.forgetAll();
  expect(await find('b')).toBe(2);
  expect(asked).toEqual([['a', 'b'], ['a'], ['b']]);
});

test('the answer that there is none is not kept', async () => {
  const { put, find } = world();
  expect(await find('a')).toBeNull();
  put('a', 1);
  expect(await find('a')).toBe(1);
});

test('an answer that is on its way while something is forgotten is given, and not kept', async () => {
  const { reads, put, hold, open, find } = world();
  put('a', 1, 'user');
  hold();
  const late = find('a');
  await turn();
  put('a', 2, 'user');
  reads.forget(['user']);
  open();
  expect(await late).toBe(1);
  expect(await find('a')).toBe(2);
});

test('without proof the database is asked, and what is kept is of use again once there is one', async () => {
  const { trust, asked, put, find } = world();
  put('a', 1);
  await find('a');
  trust.proven = false;
  await find('a');
  expect(asked).toHaveLength(2);
  trust.proven = true;
  await find('a');
  expect(asked).toHaveLength(2);
});

test('nothing is kept of what was read while nobody listened', async () => {
  const { trust, asked, put, find } = world();
  put('a', 1);
  trust.listening = false;
  await find('a');
  trust.listening = true;
  await find('a');
  expect(asked).toHaveLength(2);
});

test('an answer is read again after half a minute', async () => {
  const { asked, put, wait, find } = world();
  put('a', 1);
  await find('a');
  wait(29_999);
  await find('a');
  expect(asked).toHaveLength(1);
  wait(1);
  await find('a');
  expect(asked).toHaveLength(2);
});

test('the oldest answer makes room for a new one', async () => {
  const { reads, asked, put, find } = world({ maxAnswers: 2 });
  for (const text of ['a', 'b', 'c']) {
    put(text, 1, 'user');
    await find(text);
  }
  await find('b');
  await find('c');
  expect(asked).toHaveLength(3);
  await find('a');
  expect(asked).toHaveLength(4);
  reads.forget(['user']);
  await Promise.all([find('a'), find('c')]);
  expect(asked.at(-1)).toEqual(['a', 'c']);
});

test('a read that fails fails for all who asked, and the next one is asked anew', async () => {
  let isDown = true;
  const reads = keptReads({
    trust: { isProven: () => true, isListening: () => true },
    ask: async (_, texts) => {
      if (isDown) throw new Error('the database is down');
      return texts.map((foundBy) => ({ foundBy, value: 1, ids: [] })) as never[];
    },
  });
  const both = await Promise.allSettled([reads.find(sessions, 'a'), reads.find(sessions, 'b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isDown = false;
  expect(await reads.find(sessions, 'a')).toMatchObject({ value: 1 });
});
