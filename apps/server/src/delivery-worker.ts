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
  const underWay = new Set<Promise<void>>();
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
    underWay.add(done);
  };

  const run = async (): Promise<void> => {
    while (!isStopping) {
      const limit = LANES - underWay.size;
      const claimed = await claimDeliveries.execute(operator, { limit }).catch((error: unknown) => {
        on.failed(error);
        return [];
      });
      claimed.forEach(deliver);
      if (claimed.length < limit) await pause(pollMs, stopping.promise);
      else if (underWay.size === LANES) await Promise.race([...underWay, stopping.promise]);
    }
  };
  const running = run();

  return {
    stop: async () => {
      isStopping = true;
      stopping.resolve();
      await running;
      await Promise.all(underWay);
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
