import { describe, expect, onTestFinished, test } from 'vitest';
import { startSequencer } from './sequencer.ts';

const NEVER_MS = 600_000;

/** A sequencer whose runs end as they are told to, and that can be waited for. */
function setUp(times: Partial<Parameters<typeof startSequencer>[2]> = {}) {
  const runs: ReturnType<typeof Promise.withResolvers<number | null>>[] = [];
  const failures: unknown[] = [];
  let isOver = false;
  let began = Promise.withResolvers<void>();
  const sequencer = startSequencer(
    () => {
      const run = Promise.withResolvers<number | null>();
      if (isOver) run.resolve(0);
      runs.push(run);
      began.resolve();
      began = Promise.withResolvers();
      return run.promise;
    },
    { failed: (error) => failures.push(error) },
    { gatherMs: 1, retryMs: NEVER_MS, pollMs: NEVER_MS, ...times },
  );
  /** Waits until so many runs have begun. */
  const begun = async (count: number) => {
    while (runs.length < count) await began.promise;
  };
  onTestFinished(async () => {
    isOver = true;
    for (const run of runs) run.resolve(0);
    await sequencer.stop();
  });
  return { ...sequencer, runs, failures, begun };
}

describe('the sequencer of a server', () => {
  test('runs at its start, and again and again for what others left behind', async () => {
    const { runs, begun } = setUp({ pollMs: 1 });
    await begun(1);
    runs[0]?.resolve(1);
    await begun(2);
    runs[1]?.resolve(1);
    await begun(3);
  });

  test('runs once for all that wakes it at about the same time', async () => {
    const { wake, runs, begun } = setUp({ gatherMs: 5 });
    await begun(1);
    runs[0]?.resolve(1);
    await runs[0]?.promise;
    for (let i = 0; i < 100; i += 1) wake();
    await begun(2);
    runs[1]?.resolve(1);
    wake();
    await begun(3);
    expect(runs).toHaveLength(3);
  });

  test('runs once more where it is woken during a run, which may have looked before', async () => {
    const { wake, runs, begun } = setUp();
    await begun(1);
    wake();
    runs[0]?.resolve(1);
    await begun(2);
  });

  test('never runs twice at a time, however long a run takes', async () => {
    const { wake, runs, begun } = setUp({ gatherMs: 0, pollMs: 1 });
    await begun(1);
    for (let i = 0; i < 20; i += 1) {
      wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(runs).toHaveLength(1);
    runs[0]?.resolve(1);
    await begun(2);
  });

  test('tries again soon where another process was at it', async () => {
    const { runs, begun } = setUp({ retryMs: 1 });
    await begun(1);
    runs[0]?.resolve(null);
    await begun(2);
  });

  test('says once that it fails, however long that lasts, and goes on', async () => {
    const { runs, failures, begun } = setUp({ pollMs: 1 });
    const planted = new Error('planted');
    for (let run = 1; run <= 3; run += 1) {
      await begun(run);
      runs[run - 1]?.reject(planted);
    }
    await begun(4);
    expect(failures).toEqual([planted]);
    runs[3]?.resolve(1);
    await begun(5);
    runs[4]?.reject(planted);
    await begun(6);
    expect(failures).toEqual([planted, planted]);
  });

  test('is stopped when the run under way has ended, and begins no other', async () => {
    const { wake, stop, runs, begun } = setUp();
    await begun(1);
    const stopped = stop();
    wake();
    runs[0]?.resolve(1);
    await stopped;
    expect(runs).toHaveLength(1);
  });
});
