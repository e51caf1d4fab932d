import { describe, expect, test } from 'vitest';
import type { News } from '../../src/ports/index.ts';

const never = new AbortController().signal;

/** The obligations of news: `open` answers those of one process. */
export function newsContract(name: string, open: () => Promise<News> | News): void {
  describe(`news by ${name}`, () => {
    /** Whether a promise is settled, once all is done that follows from what has happened. */
    const isDone = async (promise: Promise<void>): Promise<boolean> => {
      let done = false;
      void promise.then(() => {
        done = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      return done;
    };

    test('come to those who wait for the service, or for any', async () => {
      const news = await open();
      const one = news.next(['a', 'b'], never);
      const any = news.next(null, never);
      const aborting = new AbortController();
      const other = news.next(['c'], aborting.signal);
      news.tell(['b', 'd']);
      await Promise.all([one, any]);
      expect(await isDone(other)).toBe(false);
      aborting.abort();
      await other;
    });

    test('are waited for no longer than the signal allows', async () => {
      const news = await open();
      const aborting = new AbortController();
      const waiting = news.next(['a'], aborting.signal);
      expect(await isDone(waiting)).toBe(false);
      aborting.abort();
      await waiting;
      await news.next(['a'], aborting.signal);
    });

    test('come once: whoever asks again waits for the next', async () => {
      const news = await open();
      const first = news.next(null, never);
      news.tell(['a']);
      await first;
      const aborting = new AbortController();
      const second = news.next(['a'], aborting.signal);
      expect(await isDone(second)).toBe(false);
      news.tell(['a']);
      await second;
    });
  });
}
