import { describe, expect, onTestFinished, test } from 'vitest';
import { repeat } from './repeat.ts';

describe('work that is repeated', () => {
  test('runs at once, and again, whether a run succeeds or fails', async () => {
    const ends: unknown[] = [];
    const third = Promise.withResolvers<void>();
    const planted = new Error('planted');
    let runs = 0;
    const work = async () => {
      runs += 1;
      if (runs === 2) throw planted;
      if (runs === 3) third.resolve();
      return runs;
    };
    const note = (end: unknown) => {
      ends.push(end);
    };
    const repeated = repeat(work, { done: note, failed: note }, 1);
    onTestFinished(() => repeated.stop());
    await third.promise;
    await repeated.stop();
    expect(ends.slice(0, 3)).toEqual([1, planted, 3]);
  });

  test('is stopped when the run under way has ended', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<number>();
    const order: string[] = [];
    const work = () => {
      started.resolve();
      return release.promise;
    };
    const on = {
      done: (count: number) => order.push(`done ${count}`),
      failed: () => order.push('failed'),
    };
    const repeated = repeat(work, on, 600_000);
    await started.promise;
    const stopped = repeated.stop().then(() => order.push('stopped'));
    release.resolve(7);
    await stopped;
    expect(order).toEqual(['done 7', 'stopped']);
  });

  test('can ask whether it is to stop', async () => {
    const started = Promise.withResolvers<void>();
    const asked: boolean[] = [];
    const work = async (isStopping: () => boolean) => {
      asked.push(isStopping());
      started.resolve();
      await stopping.promise;
      asked.push(isStopping());
      return 0;
    };
    const stopping = Promise.withResolvers<void>();
    const repeated = repeat(work, { done: () => undefined, failed: () => undefined }, 600_000);
    await started.promise;
    const stopped = repeated.stop();
    stopping.resolve();
    await stopped;
    expect(asked).toEqual([false, true]);
  });
});
