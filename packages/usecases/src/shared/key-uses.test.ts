import { expect, test } from 'vitest';
import { keyUses } from './key-uses.ts';

test('of each key the latest use is noted, in the order of their first', () => {
  const uses = keyUses();
  for (const use of [
    { id: 'a', at: 1 },
    { id: 'b', at: 5 },
    { id: 'a', at: 3 },
    { id: 'b', at: 4 },
  ]) {
    uses.note(use);
  }
  expect(uses.take(10)).toEqual([
    { id: 'a', at: 3 },
    { id: 'b', at: 5 },
  ]);
});

test('a use that is taken is not noted any more, and no more are taken than are asked for', () => {
  const uses = keyUses();
  for (const id of ['a', 'b', 'c']) uses.note({ id, at: 1 });
  expect(uses.take(2)).toEqual([
    { id: 'a', at: 1 },
    { id: 'b', at: 1 },
  ]);
  uses.note({ id: 'a', at: 2 });
  expect(uses.take(2)).toEqual([
    { id: 'c', at: 1 },
    { id: 'a', at: 2 },
  ]);
  expect(uses.take(2)).toEqual([]);
});

test('no more keys are noted than there is room for, and those that are go on to be', () => {
  const uses = keyUses(2);
  for (const id of ['a', 'b', 'c']) uses.note({ id, at: 1 });
  uses.note({ id: 'a', at: 9 });
  expect(uses.take(10)).toEqual([
    { id: 'a', at: 9 },
    { id: 'b', at: 1 },
  ]);
  uses.note({ id: 'c', at: 2 });
  expect(uses.take(10)).toEqual([{ id: 'c', at: 2 }]);
});
