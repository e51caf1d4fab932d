import { Overloaded } from '@rekey/domain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gate, hashGate, threadPoolSize } from './gate.ts';

/** A work that begins when it is let in, and ends when it is told to. */
function aWork() {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: done, resolve: finish, reject: fail } = Promise.withResolvers<string>();
  const work = () => {
    begin();
    return done;
  };
  return { work, begun, finish, fail };
}

async function refusal(running: Promise<unknown>): Promise<Overloaded> {
  const error = await running.catch((reason: unknown) => reason);
  if (!(error instanceof Overloaded)) throw new Error('it was not refused');
  return error;
}

describe('a gate', () => {
  test('answers what the work answers', async () => {
    await expect(gate({ places: 1, maxWaiting: 0 }).run(async () => 42)).resolves.toBe(42);
  });

  test('runs as many at a time as it has places, and lets the first who waits in next', async () => {
    const narrow = gate({ places: 2, maxWaiting: 3 });
    const works = Array.from({ length: 5 }, aWork);
    const order: number[] = [];
    const runs = works.map(({ work }, index) =>
      narrow.run(() => {
        order.push(index);
        return work();
      }),
    );
    await Promise.all([works[0]!.begun, works[1]!.begun]);
    expect([narrow.running, narrow.waiting, order]).toEqual([2, 3, [0, 1]]);

    works[1]!.finish('one');
    await works[2]!.begun;
    expect([narrow.running, narrow.waiting, order]).toEqual([2, 2, [0, 1, 2]]);

    for (const { finish } of works) finish('end');
    await Promise.all(runs);
    expect([narrow.running, narrow.waiting, order]).toEqual([0, 0, [0, 1, 2, 3, 4]]);
  });

  test('never runs more than it has places, whatever comes and goes', async () => {
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

  test('refuses who finds the queue full, without running the work', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const [first, second] = [aWork(), aWork()];
    const runs = [narrow.run(first.work), narrow.run(second.work)];
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

  test('takes new ones again once there is room', async () => {
    const narrow = gate({ places: 1, maxWaiting: 0 });
    const first = aWork();
    const run = narrow.run(first.work);
    await refusal(narrow.run(async () => 'no'));
    first.finish('');
    await run;
    await expect(narrow.run(async () => 'yes')).resolves.toBe('yes');
  });

  test('gives the place on when a work fails', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const first = aWork();
    const failing = narrow.run(first.work);
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
    const works = Array.from({ length: 6 }, aWork);
    const runs = works.map(({ work }) => narrow.run(work));
    // Four wait, and the fifth would: two and a half rounds of 1.5 s.
    expect((await refusal(narrow.run(async () => ''))).retryAfter).toBe(4);
    for (const { finish } of works) finish('');
    await Promise.all(runs);
  });

  test('says one second at least, also while it knows nothing', async () => {
    const narrow = gate({ places: 1, maxWaiting: 0 });
    const first = aWork();
    const run = narrow.run(first.work);
    expect((await refusal(narrow.run(async () => ''))).retryAfter).toBe(1);
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
    const { work, finish } = aWork();
    const runs = Array.from({ length: cores * (waiting + 1) + 1 }, () => narrow.run(work));
    expect([narrow.running, narrow.waiting]).toEqual([cores + 1, cores * waiting]);
    await refusal(narrow.run(work));
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
