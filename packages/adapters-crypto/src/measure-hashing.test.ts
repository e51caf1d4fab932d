import { expect, test } from 'vitest';
import { measureHashing } from './measure-hashing.ts';

test('a measurement doubles with each step of the cost', async () => {
  const { msOf, perSecondOf } = await measureHashing(1);
  expect(msOf(10)).toBeGreaterThan(0);
  expect(msOf(13)).toBe(8 * msOf(10));
  expect(perSecondOf(10)).toBeGreaterThan(0);
  expect(perSecondOf(13)).toBe(perSecondOf(10) / 8);
});
