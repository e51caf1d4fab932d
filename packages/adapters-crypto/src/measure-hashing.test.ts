import bcrypt from 'bcrypt';
import { expect, test, vi } from 'vitest';
import { measureHashing } from './measure-hashing.ts';

test('a measurement doubles with each step of the cost', async () => {
  // Whatever else the machine does, a compare takes 20 ms here, and any number run at a time.
  vi.spyOn(bcrypt, 'compare').mockImplementation(
    () => new Promise((resolve) => setTimeout(resolve, 20, true)),
  );
  const { msOf, perSecondOf } = await measureHashing(3);
  expect(msOf(10)).toBeGreaterThan(19);
  expect(msOf(13)).toBe(8 * msOf(10));
  expect(perSecondOf(10)).toBeGreaterThan(1000 / msOf(10));
  expect(perSecondOf(10)).toBeLessThan(3 * (1000 / 19));
  expect(perSecondOf(13)).toBe(perSecondOf(10) / 8);
});
