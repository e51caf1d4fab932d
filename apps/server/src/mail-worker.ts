import type { DeliverMail, Delivery } from '@rekey/usecases';

/** Mails that one process sends at a time. */
const LANES = 8;
const POLL_MS = 500;

/** Delivers mails until it is stopped; what a stop leaves undone is due again when its lease ends. */
export function startMailWorker(
  deliverMail: DeliverMail,
  on: { delivered(delivery: Delivery): void; failed(error: unknown): void },
): { stop(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;

  /** Starts as many of the due mails as there are free lanes, and answers how many that were. */
  const startDue = async (free: number): Promise<number> => {
    const deliveries = await deliverMail.execute({ limit: free });
    for (const delivery of deliveries) {
      const done: Promise<void> = delivery
        .then(on.delivered, on.failed)
        .finally(() => underWay.delete(done));
      underWay.add(done);
    }
    return deliveries.length;
  };

  const run = async (): Promise<void> => {
    while (!isStopping) {
      const free = LANES - underWay.size;
      const started = await startDue(free).catch((error: unknown) => {
        on.failed(error);
        return 0;
      });
      if (started < free) await pause(POLL_MS, stopping.promise);
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

/** Waits that long, or until the signal. */
async function pause(ms: number, signal: Promise<void>): Promise<void> {
  const elapsed = Promise.withResolvers<void>();
  const timer = setTimeout(elapsed.resolve, ms);
  await Promise.race([elapsed.promise, signal]);
  clearTimeout(timer);
}
