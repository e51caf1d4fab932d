import { describe, expect, test } from 'vitest';
import type { BreachList } from '../../src/ports/index.ts';

type OpenBreachList = {
  readonly breachList: BreachList;
  /** A password that is on the list. */
  readonly listed: string;
  /** Makes the list one that cannot be asked. */
  fallSilent(): Promise<void>;
};

export function breachListContract(name: string, open: () => Promise<OpenBreachList>): void {
  describe(`the breach list ${name}`, () => {
    test('knows what is on it, and that others are not', async () => {
      const { breachList, listed } = await open();
      expect(await breachList.has(listed)).toBe(true);
      for (const other of ['', `${listed} `, listed.toUpperCase(), '猫🦉\0']) {
        expect(await breachList.has(other), other).toBe(false);
      }
    });

    test('says that it does not know where it cannot be asked', async () => {
      const { breachList, listed, fallSilent } = await open();
      await fallSilent();
      for (const password of [listed, 'another']) {
        expect(await breachList.has(password)).toBeNull();
      }
    });
  });
}
