import { expect, test } from 'vitest';
import { readMemory } from './read-memory.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(maxAnswers = 10) {
  let version = 1;
  let looks = 0;
  let reads = 0;
  const memory = readMemory(() => {
    looks += 1;
    return version;
  }, maxAnswers);
  return {
    memory,
    /** Whether the database had to be asked. */
    isRead: (values: unknown, of = 'query') => {
      const before = reads;
      const rows = memory.recall(of, values, () => {
        reads += 1;
        return [values];
      });
      expect(rows).toEqual([values]);
      return reads > before;
    },
    commitElsewhere: () => {
      version += 1;
    },
    looks: () => looks,
  };
}

test('answers are kept for their query and its values', async () => {
  const { memory, isRead } = setUp();
  expect(isRead('key')).toBe(true);
  memory.refresh();
  expect(isRead('key')).toBe(false);
  expect(isRead('other')).toBe(true);
  expect(isRead('key', 'other')).toBe(true);
});

test('a commit of this process ends them at once', () => {
  const { memory, isRead } = setUp();
  isRead('key');
  memory.forget();
  expect(isRead('key')).toBe(true);
});

test('a commit of another process ends them in the next turn of the event loop, and each turn looks once', async () => {
  const { memory, isRead, commitElsewhere, looks } = setUp();
  isRead('key');
  memory.refresh();
  const before = looks();
  memory.refresh();
  expect(looks()).toBe(before);
  commitElsewhere();
  await nextTurn();
  memory.refresh();
  expect(isRead('key')).toBe(true);
  expect(looks()).toBe(before + 1);
});

test('a look that fails is no look', () => {
  let version = (): number => 1;
  const memory = readMemory(() => version());
  version = () => {
    throw new Error('busy');
  };
  for (const _time of [1, 2]) expect(() => memory.refresh()).toThrow('busy');
});

test('no more than so many are kept', () => {
  const { isRead } = setUp(2);
  expect(['1', '2', '3', '3', '1'].map((key) => isRead(key))).toEqual([
    true,
    true,
    true,
    false,
    true,
  ]);
});
