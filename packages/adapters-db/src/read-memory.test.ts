import { expect, test } from 'vitest';
import { readMemory } from './read-memory.ts';

const query = { sql: 'select 1' };
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(maxAnswers = 10) {
  let version = 1;
  let looks = 0;
  const memory = readMemory(() => {
    looks += 1;
    return version;
  }, maxAnswers);
  memory.set(query, 'key', ['answer']);
  return {
    memory,
    commitElsewhere: () => {
      version += 1;
    },
    looks: () => looks,
  };
}

test('answers are kept for their query and its values', async () => {
  const { memory } = setUp();
  memory.refresh();
  expect(memory.get(query, 'key')).toEqual(['answer']);
  expect(memory.get(query, 'other')).toBeUndefined();
  expect(memory.get({ ...query }, 'key')).toBeUndefined();
});

test('a commit of this process ends them at once', () => {
  const { memory } = setUp();
  memory.forget();
  expect(memory.get(query, 'key')).toBeUndefined();
});

test('a commit of another process ends them in the next turn of the event loop, and each turn looks once', async () => {
  const { memory, commitElsewhere, looks } = setUp();
  memory.refresh();
  const before = looks();
  memory.refresh();
  expect(looks()).toBe(before);
  commitElsewhere();
  await nextTurn();
  memory.refresh();
  expect(memory.get(query, 'key')).toBeUndefined();
  expect(looks()).toBe(before + 1);
});

test('no more than so many are kept', () => {
  const { memory } = setUp(2);
  memory.set(query, 'second', ['answer']);
  memory.set(query, 'third', ['answer']);
  expect(['key', 'second', 'third'].map((key) => memory.get(query, key))).toEqual([
    undefined,
    undefined,
    ['answer'],
  ]);
});
