import { Unavailable } from '@rekey/domain';
import type { Delivered, Owed } from '@rekey/usecases';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startDeliveryWorker } from './delivery-worker.ts';

/** Lets everything happen that waits for nothing outside. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A worker with `supply` deliveries to make, which are the numbers from 0 on. */
function setUp({
  supply,
  handOver = async () => {},
  commit = async () => {},
  claim = async () => {},
  share = 8,
  pollMs = 1,
}: {
  supply: number;
  handOver?: (id: number) => Promise<void>;
  /** Commits marks; `attempt` counts from 0. */
  commit?: (attempt: number) => Promise<void>;
  claim?: (attempt: number) => Promise<void>;
  /** How many of them may be under way. */
  share?: number;
  pollMs?: number;
}) {
  let [claims, claimed, accepted] = [0, 0, 0];
  const groups: number[][] = [];
  const delivered: number[] = [];
  const failures: unknown[] = [];
  const most = { claimed: 0, accepted: 0 };
  const [all, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

  const worker = startDeliveryWorker(
    {
      claimDeliveries: {
        execute: async (_actor, { limit, underWay = [] }) => {
          claims += 1;
          const room = Math.min(limit, share - underWay.length);
          await claim(claims - 1);
          const first = claimed;
          claimed = Math.min(supply, claimed + room);
          most.claimed = Math.max(most.claimed, claimed - delivered.length);
          return Array.from(
            { length: claimed - first },
            (_, index) => ({ delivery: { id: String(first + index) } }) as Owed,
          );
        },
      },
      handOver: {
        execute: async (_actor, owed) => {
          await handOver(Number(owed.delivery.id));
          accepted += 1;
          most.accepted = Math.max(most.accepted, accepted - delivered.length);
          return { owed, failure: null };
        },
      },
      markDeliveries: {
        execute: async (_actor, handed) => {
          const ids = handed.map(({ owed }) => owed.delivery.id);
          groups.push(ids.map(Number));
          await commit(groups.length - 1);
          return ids.map((id) => ({ id }) as Delivered);
        },
      },
    },
    {
      delivered: ({ id }) => {
        delivered.push(Number(id));
        if (delivered.length === supply) all.resolve();
      },
      failed: (error) => {
        failures.push(error);
        failed.resolve();
      },
    },
    pollMs,
  );
  onTestFinished(() => worker.stop());
  return {
    worker,
    groups,
    delivered,
    failures,
    /** How many deliveries were claimed, and accepted outside, before their mark was committed. */
    most,
    /** Comes when all deliveries are marked, and at the first failure. */
    all: all.promise,
    failed: failed.promise,
  };
}

describe('the delivery worker', () => {
  test('has at most eight deliveries accepted and unmarked, however many are due', async () => {
    const { all, delivered, most } = setUp({ supply: 100, commit: turn });
    await all;
    expect(new Set(delivered).size).toBe(100);
    expect(most).toEqual({ claimed: 8, accepted: 8 });
  });

  test('says at each claim what is under way, and claims again as soon as some of that ends', async () => {
    const { all, delivered, most } = setUp({
      supply: 10,
      share: 2,
      // Nothing but the end of a delivery ends a wait of an hour.
      pollMs: 3_600_000,
      claim: turn,
    });
    await all;
    expect(new Set(delivered).size).toBe(10);
    expect(most.claimed).toBe(2);
  });

  test('commits the marks together that wait while another one commits', async () => {
    const others = Promise.withResolvers<void>();
    const { all, groups } = setUp({
      supply: 8,
      handOver: (id) => (id === 0 ? Promise.resolve() : others.promise),
      commit: async (attempt) => {
        if (attempt > 0) return;
        others.resolve();
        await turn();
      },
    });
    await all;
    expect(groups).toEqual([[0], [1, 2, 3, 4, 5, 6, 7]]);
  });

  test('tries a mark again until the database answers, and claims nothing for its lanes meanwhile', async () => {
    const away = new Unavailable(1);
    const { all, groups, failures, most } = setUp({
      supply: 20,
      commit: async (attempt) => {
        await turn();
        if (attempt < 5) throw away;
      },
    });
    await all;
    expect(failures).toEqual([away, away, away, away, away]);
    expect(groups.slice(1, 6)).toEqual(Array.from({ length: 5 }, () => groups[0]));
    expect(most).toEqual({ claimed: 8, accepted: 8 });
  });

  test('gives up a mark that fails for another reason, and goes on with other deliveries', async () => {
    const planted = new Error('planted');
    const others = Promise.withResolvers<void>();
    const { failed, worker, groups, delivered, failures } = setUp({
      supply: 8,
      handOver: (id) => (id === 0 ? Promise.resolve() : others.promise),
      commit: async (attempt) => {
        if (attempt === 0) throw planted;
      },
    });
    await failed;
    others.resolve();
    await worker.stop();
    expect(failures).toEqual([planted]);
    expect(groups).toEqual([[0], delivered]);
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('claims again after a claim that failed', async () => {
    const planted = new Error('planted');
    const { all, failures, delivered } = setUp({
      supply: 3,
      claim: async (attempt) => {
        if (attempt === 0) throw planted;
      },
    });
    await all;
    expect(failures).toEqual([planted]);
    expect(delivered).toEqual([0, 1, 2]);
  });
});

describe('a stop of the delivery worker', () => {
  test('waits for the deliveries under way and for their marks', async () => {
    const [started, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const order: string[] = [];
    const { worker, delivered } = setUp({
      supply: 1,
      handOver: () => {
        started.resolve();
        return release.promise;
      },
      commit: async () => {
        await turn();
        order.push('marked');
      },
    });
    await started.promise;
    const stopped = worker.stop().then(() => order.push('stopped'));
    release.resolve();
    await stopped;
    expect(order).toEqual(['marked', 'stopped']);
    expect(delivered).toEqual([0]);
  });

  test('tries the marks once more that the database did not take, and gives up', async () => {
    const { worker, failed, groups, delivered, failures } = setUp({
      supply: 1,
      // Nothing but the stop ends a wait of an hour.
      pollMs: 3_600_000,
      commit: () => Promise.reject(new Unavailable(1)),
    });
    await failed;
    await worker.stop();
    expect(groups).toEqual([[0], [0]]);
    expect(failures).toHaveLength(2);
    expect(delivered).toEqual([]);
  });

  test('claims nothing more', async () => {
    const { worker, most } = setUp({ supply: 100, commit: turn });
    await worker.stop();
    expect(most.claimed).toBeLessThanOrEqual(8);
  });
});
