import { Overloaded } from '@rekey/domain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gate, hashGate, threadPoolSize } from './gate.ts';

/** A task that begins when the gate runs it, and ends when the test says so. */
function aTask() {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: done, resolve: finish, reject: fail } = Promise.withResolvers<string>();
  const task = () => {
    begin();
    return done;
  };
  return { task, begun, finish, fail };
}

async function refusal(running: Promise<unknown>): Promise<Overloaded> {
  const error = await running.catch((reason: unknown) => reason);
  if (!(error instanceof Overloaded)) throw new Error('it was not refused');
  return error;
}

describe('a gate', () => {
  test('answers what the task answers', async () => {
    await expect(gate({ places: 1, maxWaiting: 0 }).run(async () => 42)).resolves.toBe(42);
  });

  test('runs as many tasks at a time as it has places, and the one that has waited longest next', async () => {
    const narrow = gate({ places: 2, maxWaiting: 3 });
    const tasks = Array.from({ length: 5 }, aTask);
    const order: number[] = [];
    const runs = tasks.map(({ task }, index) =>
      narrow.run(() => {
        order.push(index);
        return task();
      }),
    );
    await Promise.all([tasks[0]!.begun, tasks[1]!.begun]);
    expect([narrow.running, narrow.waiting, order]).toEqual([2, 3, [0, 1]]);

    tasks[1]!.finish('one');
    await tasks[2]!.begun;
    expect([narrow.running, narrow.waiting, order]).toEqual([2, 2, [0, 1, 2]]);

    for (const { finish } of tasks) finish('end');
    await Promise.all(runs);
    expect([narrow.running, narrow.waiting, order]).toEqual([0, 0, [0, 1, 2, 3, 4]]);
  });

  test('never runs more tasks than it has places, whatever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 40 }),
        async (places, lengths) => {
          const narrow = gate({ places, maxWaiting: lengths.length });
          let inside = 0;
          let most = 0;
          const run = (length: number) =>
            narrow.run(async () => {
              inside += 1;
              most = Math.max(most, inside);
              for (let turn = 0; turn < length; turn += 1) await Promise.resolve();
              inside -= 1;
            });
          await Promise.all(lengths.map(run));
          expect(most).toBe(Math.min(places, lengths.length));
          expect([narrow.running, narrow.waiting]).toEqual([0, 0]);
        },
      ),
    );
  });

  test('refuses a task that finds the queue full, without running it', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const [first, second] = [aTask(), aTask()];
    const runs = [narrow.run(first.task), narrow.run(second.task)];
    let hasRun = false;
    await refusal(
      narrow.run(async () => {
        hasRun = true;
      }),
    );
    expect([hasRun, narrow.running, narrow.waiting]).toEqual([false, 1, 1]);
    first.finish('');
    second.finish('');
    await Promise.all(runs);
  });

  test('takes new tasks again once there is room', async () => {
    const narrow = gate({ places: 1, maxWaiting: 0 });
    const first = aTask();
    const run = narrow.run(first.task);
    await refusal(narrow.run(async () => 'no'));
    first.finish('');
    await run;
    await expect(narrow.run(async () => 'yes')).resolves.toBe('yes');
  });

  test('gives the place of a task that fails to the next one', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const first = aTask();
    const failing = narrow.run(first.task);
    const next = narrow.run(async () => 'next');
    first.fail(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('next');
    expect([narrow.running, narrow.waiting]).toEqual([0, 0]);
  });

  test('says after how many seconds the queue will have been served', async () => {
    let time = 0;
    const narrow = gate({ places: 2, maxWaiting: 4, now: () => time });
    await narrow.run(async () => {
      time += 1500;
    });
    const tasks = Array.from({ length: 6 }, aTask);
    const runs = tasks.map(({ task }) => narrow.run(task));
    // Four wait, and the fifth would: two and a half rounds of 1.5 s.
    expect((await refusal(narrow.run(async () => ''))).retryAfterS).toBe(4);
    for (const { finish } of tasks) finish('');
    await Promise.all(runs);
  });

  test('says one second at least, also before any task has ended', async () => {
    const narrow = gate({ places: 1, maxWaiting: 0 });
    const first = aTask();
    const run = narrow.run(first.task);
    expect((await refusal(narrow.run(async () => ''))).retryAfterS).toBe(1);
    first.finish('');
    await run;
  });
});

describe('the gate for hashes', () => {
  test.each([
    [10, 128],
    [12, 32],
    [14, 8],
  ])('of cost %i lets %i wait for each core', async (cost, waiting) => {
    const cores = 2;
    const narrow = hashGate(cost, cores);
    const { task, finish } = aTask();
    const runs = Array.from({ length: cores * (waiting + 1) + 1 }, () => narrow.run(task));
    expect([narrow.running, narrow.waiting]).toEqual([cores + 1, cores * waiting]);
    await refusal(narrow.run(task));
    finish('');
    await Promise.all(runs);
  });

  test.each([
    [1, 4],
    [2, 5],
    [3, 6],
    [16, 19],
  ])('on %i cores needs %i threads', (cores, threads) => {
    expect(threadPoolSize(cores)).toBe(threads);
  });
});
