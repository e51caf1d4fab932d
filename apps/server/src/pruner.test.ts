import { describe, expect, onTestFinished, test } from 'vitest';
import { startPruner } from './pruner.ts';

describe('the pruner', () => {
  test('prunes at once, and again, whether a run succeeds or fails', async () => {
    const ends: unknown[] = [];
    const third = Promise.withResolvers<void>();
    const planted = new Error('planted');
    let runs = 0;
    const prune = async () => {
      runs += 1;
      if (runs === 2) throw planted;
      if (runs === 3) third.resolve();
      return runs;
    };
    const note = (end: unknown) => {
      ends.push(end);
    };
    const pruner = startPruner(prune, { pruned: note, failed: note }, 1);
    onTestFinished(() => pruner.stop());
    await third.promise;
    await pruner.stop();
    expect(ends.slice(0, 3)).toEqual([1, planted, 3]);
  });

  test('is stopped when the run under way has ended', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<number>();
    const order: string[] = [];
    const prune = () => {
      started.resolve();
      return release.promise;
    };
    const pruner = startPruner(prune, {
      pruned: (rows) => order.push(`pruned ${rows}`),
      failed: () => order.push('failed'),
    });
    await started.promise;
    const stopped = pruner.stop().then(() => order.push('stopped'));
    release.resolve(7);
    await stopped;
    expect(order).toEqual(['pruned 7', 'stopped']);
  });
});
