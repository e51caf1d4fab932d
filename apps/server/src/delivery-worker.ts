import { operator, Unavailable } from '@rekey/domain';
import type { Delivered, Handed, Owed, UseCases } from '@rekey/usecases';

/**
 * Deliveries that one process makes at a time. A lane is free again only when its mark is committed: at most so many
 * deliveries are accepted and unmarked, and only those are made twice after a crash.
 */
const LANES = 8;
const POLL_MS = 500;

type Deliveries = {
  readonly [Name in 'claimDeliveries' | 'handOver' | 'markDeliveries']: Pick<
    UseCases['deliveries'][Name],
    'execute'
  >;
};

/** Makes deliveries until it is stopped. The deliveries that a stop leaves unmarked are due again when their lease ends. */
export function startDeliveryWorker(
  { claimDeliveries, handOver, markDeliveries }: Deliveries,
  on: { delivered(delivery: Delivered): void; failed(error: unknown): void },
  pollMs = POLL_MS,
): { stop(): Promise<void> } {
  const underWay = new Map<Promise<void>, Owed>();
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;

  const mark = inGroups(async (group: readonly Handed[]) => {
    for (;;) {
      try {
        for (const delivery of await markDeliveries.execute(operator, group)) {
          on.delivered(delivery);
        }
        return;
      } catch (error) {
        on.failed(error);
        // Another error would come again, and a stop does not wait for the database.
        if (isStopping || !(error instanceof Unavailable)) return;
        await pause(pollMs, stopping.promise);
      }
    }
  });

  const deliver = (owed: Owed): void => {
    const done: Promise<void> = handOver
      .execute(operator, owed)
      .then(mark)
      .catch(on.failed)
      .finally(() => underWay.delete(done));
    underWay.set(done, owed);
  };

  const run = async (): Promise<void> => {
    while (!isStopping) {
      const before = [...underWay.keys()];
      const request = { limit: LANES - before.length, underWay: [...underWay.values()] };
      const claimed = await claimDeliveries.execute(operator, request).catch((error: unknown) => {
        on.failed(error);
        return [];
      });
      claimed.forEach(deliver);
      // A lane that is free again, since the claim too, may be what a domain waits for that has its share.
      const change = Promise.race([...before, ...underWay.keys(), stopping.promise]);
      if (underWay.size === LANES) await change;
      else await pause(pollMs, change);
    }
  };
  const running = run();

  return {
    stop: async () => {
      isStopping = true;
      stopping.resolve();
      await running;
      await Promise.all(underWay.keys());
    },
  };
}

/** Runs `work`, which never rejects, for one group after the other: each is all that came while the one before ran. */
function inGroups<T>(work: (group: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] = [];
  let last = Promise.resolve();
  return (item) => {
    waiting.push(item);
    if (waiting.length === 1) {
      last = last.then(() => {
        const group = waiting;
        waiting = [];
        return work(group);
      });
    }
    return last;
  };
}

/** Waits that long, or until the signal. */
async function pause(ms: number, signal: Promise<void>): Promise<void> {
  const elapsed = Promise.withResolvers<void>();
  const timer = setTimeout(elapsed.resolve, ms);
  await Promise.race([elapsed.promise, signal]);
  clearTimeout(timer);
}
