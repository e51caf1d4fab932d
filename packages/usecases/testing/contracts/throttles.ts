import { emptyBucket } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { anId, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function throttlesContract({ read, write, race }: Opened): void {
  describe('buckets', () => {
    const bucket = { level: 2.000000000000123, at: START };
    const aDigest = () => `bucket of ${anId()}`;
    const put = (key: string, forgetAt = START + 1e12) =>
      write(({ throttles }) => throttles.put([{ key, bucket, forgetAt }]));
    const get = async (key: string) => (await write(({ throttles }) => throttles.lock([key])))[0];

    test('come back as they went in, and are replaced', async () => {
      const [key, other] = [aDigest(), aDigest()];
      expect(await get(key)).toEqual(emptyBucket);
      await put(key);
      expect(await get(key)).toEqual(bucket);
      const next = { level: 3, at: START + 1 };
      const forgetAt = START + 1e12;
      await write(({ throttles }) =>
        throttles.put([
          { key, bucket: next, forgetAt },
          { key: other, bucket, forgetAt },
        ]),
      );
      expect(await get(key)).toEqual(next);
      expect(await get(other)).toEqual(bucket);
    });

    test('are read and locked in the order of their keys, whether or not there are any', async () => {
      const [known, unknown, second] = [aDigest(), aDigest(), aDigest()];
      await put(known);
      await put(second);
      const lock = (...keys: string[]) => write(({ throttles }) => throttles.lock(keys));
      const look = (...keys: string[]) => read(({ throttles }) => throttles.get(keys));
      for (const get of [look, lock]) {
        expect(await get(known, unknown, second)).toEqual([bucket, emptyBucket, bucket]);
        expect(await get(unknown, second)).toEqual([emptyBucket, bucket]);
      }
    });

    test('that are locked change for nobody else: of 32 that race for five tries five win', async () => {
      const key = aDigest();
      const answers = await race(32, async ({ throttles }) => {
        const [found = emptyBucket] = await throttles.lock([key]);
        if (found.level >= 5) return false;
        const next = { ...found, level: found.level + 1 };
        await throttles.put([{ key, bucket: next, forgetAt: START + 1e12 }]);
        return true;
      });
      expect(wins(answers)).toBe(5);
      expect((await get(key))?.level).toBe(5);
    });

    test('are as they were when the transaction fails', async () => {
      const key = aDigest();
      const failing = write(async ({ throttles }) => {
        await throttles.lock([key]);
        await throttles.put([{ key, bucket, forgetAt: START }]);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await get(key)).toEqual(emptyBucket);
    });

    test('may be forgotten from then on, a few at a time', async () => {
      // Long before those of other tests.
      const then = START - 1e12;
      const keys = [aDigest(), aDigest(), aDigest()];
      for (const key of keys) await put(key, then);
      const kept = aDigest();
      await put(kept, then + 1);
      const prune = (now: number, limit: number) =>
        write(({ throttles }) => throttles.prune(now, limit));
      // Buckets that other tests locked and never put.
      await prune(then - 1, 10);
      expect(await prune(then - 1, 10)).toBe(0);
      expect(await prune(then, 2)).toBe(2);
      expect(await prune(then, 2)).toBe(1);
      expect(await prune(then, 2)).toBe(0);
      for (const key of keys) expect(await get(key)).toEqual(emptyBucket);
      expect(await get(kept)).toEqual(bucket);
    });
  });
}
