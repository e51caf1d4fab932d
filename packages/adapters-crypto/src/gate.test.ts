import { Overloaded, type Place } from '@rekey/domain';
import { anId, PLACE } from '@rekey/usecases/testing';
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
    await expect(gate({ places: 1, maxWaiting: 0 }).run(PLACE, async () => 42)).resolves.toBe(42);
  });

  test('runs as many tasks at a time as it has places, and of one place the one that has waited longest next', async () => {
    const narrow = gate({ places: 2, maxWaiting: 3 });
    const tasks = Array.from({ length: 5 }, aTask);
    const order: number[] = [];
    const runs = tasks.map(({ task }, index) =>
      narrow.run(PLACE, () => {
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
            narrow.run(PLACE, async () => {
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
    const runs = [narrow.run(PLACE, first.task), narrow.run(PLACE, second.task)];
    let hasRun = false;
    await refusal(
      narrow.run(PLACE, async () => {
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
    const run = narrow.run(PLACE, first.task);
    await refusal(narrow.run(PLACE, async () => 'no'));
    first.finish('');
    await run;
    await expect(narrow.run(PLACE, async () => 'yes')).resolves.toBe('yes');
  });

  test('gives the place of a task that fails to the next one', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const first = aTask();
    const failing = narrow.run(PLACE, first.task);
    const next = narrow.run(PLACE, async () => 'next');
    first.fail(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('next');
    expect([narrow.running, narrow.waiting]).toEqual([0, 0]);
  });

  test('says after how many seconds the queue will have been served', async () => {
    let time = 0;
    const narrow = gate({ places: 2, maxWaiting: 4, now: () => time });
    await narrow.run(PLACE, async () => {
      time += 1500;
    });
    const tasks = Array.from({ length: 6 }, aTask);
    const runs = tasks.map(({ task }) => narrow.run(PLACE, task));
    // Four wait, and the fifth would: two and a half rounds of 1.5 s.
    expect((await refusal(narrow.run(PLACE, async () => ''))).retryAfterS).toBe(4);
    for (const { finish } of tasks) finish('');
    await Promise.all(runs);
  });

  test('says one second at least, also before any task has ended', async () => {
    const narrow = gate({ places: 1, maxWaiting: 0 });
    const first = aTask();
    const run = narrow.run(PLACE, first.task);
    expect((await refusal(narrow.run(PLACE, async () => ''))).retryAfterS).toBe(1);
    first.finish('');
    await run;
  });
});

describe('a gate that many ask at one place', () => {
  const elsewhere: [string, Place][] = [
    ['another network', { ...PLACE, origin: { address: '198.51.100.7', client: null } }],
    ['another service', { ...PLACE, serviceId: anId() }],
  ];

  test.each(elsewhere)('runs a task of %s after one of theirs at most', async (_, place) => {
    const narrow = gate({ places: 2, maxWaiting: 256 });
    const order: string[] = [];
    const crowd = Array.from({ length: 75 }, aTask);
    const runs = crowd.map(({ task }) =>
      narrow.run(PLACE, () => {
        order.push('theirs');
        return task();
      }),
    );
    const mine = narrow.run(place, async () => order.push('mine'));
    expect(order).toEqual(['theirs', 'theirs']);
    // One of the two that run ends, then one that waited.
    crowd[0]!.finish('');
    await crowd[2]!.begun;
    crowd[2]!.finish('');
    await Promise.race([mine, crowd[3]!.begun]);
    expect(order.slice(0, 4)).toEqual(['theirs', 'theirs', 'theirs', 'mine']);
    for (const { finish } of crowd) finish('');
    await Promise.all([...runs, mine]);
  });

  test.each(elsewhere)('turns away the latest of them for one of %s', async (_, place) => {
    const narrow = gate({ places: 1, maxWaiting: 4 });
    const crowd = Array.from({ length: 5 }, aTask);
    const runs = crowd.map(({ task }) => narrow.run(PLACE, task));
    expect(() => narrow.admit(PLACE)).toThrow(Overloaded);
    narrow.admit(place);
    const mine = narrow.run(place, async () => 'mine');
    await refusal(runs[4]!);
    expect([narrow.running, narrow.waiting]).toEqual([1, 4]);
    for (const { finish } of crowd) finish('theirs');
    expect(await mine).toBe('mine');
    expect(await Promise.all(runs.slice(0, 4))).toEqual(['theirs', 'theirs', 'theirs', 'theirs']);
  });

  test('counts all addresses of an IPv6 network as one', async () => {
    const narrow = gate({ places: 1, maxWaiting: 1 });
    const at = (address: string): Place => ({ ...PLACE, origin: { address, client: null } });
    const { task, finish } = aTask();
    const runs = ['2001:db8::1', '2001:db8::2'].map((address) => narrow.run(at(address), task));
    await refusal(narrow.run(at('2001:db8::3'), task));
    finish('');
    await Promise.all(runs);
  });
});

/** Cores that share the hashes under way evenly. Time passes only as they work: a hash alone takes 1. */
function someCores(cores: number) {
  const underWay = new Set<{ left: number; readonly finish: () => void }>();
  let now = 0;
  return {
    now: () => now,
    hash: () =>
      new Promise<void>((finish) => {
        underWay.add({ left: 1, finish });
      }),
    /** Works until the next hash is made, or for so long if that is less. */
    async work(atMost = Number.POSITIVE_INFINITY): Promise<void> {
      const speed = Math.min(1, cores / underWay.size);
      const time = Math.min(atMost, ...[...underWay].map(({ left }) => left / speed));
      now += time;
      for (const each of underWay) {
        each.left -= time * speed;
        if (each.left > 1e-9) continue;
        underWay.delete(each);
        each.finish();
      }
      // Whoever waited for that goes on.
      await new Promise(setImmediate);
    },
  };
}

test.each([1, 2, 3, 4, 8, 16])(
  'a login among 75 of another network takes three times as long as alone at most, on %i cores',
  async (count) => {
    for (let phase = 0; phase < 1; phase += 0.1) {
      const cores = someCores(count);
      const shared = hashGate(12, count);
      let isOver = false;
      const crowd = Array.from({ length: 75 }, async () => {
        while (!isOver) {
          // Those that find no place try again.
          await shared.run(PLACE, cores.hash).catch(() => new Promise(setImmediate));
        }
      });
      for (let step = 0; step < 100; step += 1) await cores.work();
      await cores.work(phase);
      const begin = cores.now();
      const elsewhere = { ...PLACE, origin: { address: '198.51.100.7', client: null } };
      const honest = shared.run(elsewhere, cores.hash).finally(() => {
        isOver = true;
      });
      while (!isOver) await cores.work();
      await expect(honest).resolves.toBeUndefined();
      expect(cores.now() - begin).toBeLessThanOrEqual(3 + 1e-6);
      while (shared.running > 0) await cores.work();
      await Promise.all(crowd);
    }
  },
);

describe('the gate for hashes', () => {
  test.each([
    [10, 128],
    [12, 32],
    [14, 8],
  ])('of cost %i lets %i wait for each core', async (cost, waiting) => {
    const cores = 2;
    const narrow = hashGate(cost, cores);
    const { task, finish } = aTask();
    const runs = Array.from({ length: cores * (waiting + 1) + 1 }, () => narrow.run(PLACE, task));
    expect([narrow.running, narrow.waiting]).toEqual([cores + 1, cores * waiting]);
    await refusal(narrow.run(PLACE, task));
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
