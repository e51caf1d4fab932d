import { availableParallelism } from 'node:os';
import { networkOf, Overloaded, type Place } from '@rekey/domain';
import { fairQueue, type Owner } from './fair-queue.ts';

/** Runs a few tasks at a time, lets some wait, and refuses the rest: fairly to services and to the networks of each. */
export type Gate = {
  /**
   * Runs the task of that place as soon as it has its turn. Throws `Overloaded`, without running it, where the queue is
   * full, or somebody with less waiting comes to the full queue.
   */
  run<T>(place: Place, task: () => Promise<T>): Promise<T>;
  /** Throws `Overloaded` where `run` would at once. */
  admit(place: Place): void;
  readonly running: number;
  readonly waiting: number;
};

type GateOptions = {
  /** How many tasks run at a time. */
  readonly places: number;
  /** How many may wait besides. */
  readonly maxWaiting: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
};

export function gate({ places, maxWaiting, now = () => performance.now() }: GateOptions): Gate {
  const queue = fairQueue<PromiseWithResolvers<void>>(maxWaiting);
  let running = 0;
  /** How long a task takes: a moving average, 0 until the first one is done. */
  let usualMs = 0;

  function leave(): void {
    const next = queue.shift();
    // The place is handed over: no task that comes now can slip in between.
    if (next) next.resolve();
    else running -= 1;
  }

  function overloaded(): Overloaded {
    const rounds = (queue.size + 1) / places;
    return new Overloaded(Math.max(1, Math.ceil((rounds * usualMs) / 1000)));
  }

  return {
    admit(place) {
      if (running >= places && !queue.takes(ownerAt(place))) throw overloaded();
    },
    async run(place, task) {
      if (running < places) {
        running += 1;
      } else {
        const turn = Promise.withResolvers<void>();
        queue.push(ownerAt(place), turn)?.reject(overloaded());
        await turn.promise;
      }
      const start = now();
      try {
        return await task();
      } finally {
        const took = now() - start;
        usualMs = usualMs === 0 ? took : usualMs + (took - usualMs) / 8;
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}

const ownerAt = ({ serviceId, origin }: Place): Owner => ({
  service: serviceId,
  network: networkOf(origin.address),
});

/**
 * Hashes at a time: one for each core, and one more that takes over at once when one of them ends. A single core is
 * never idle meanwhile, and two hashes on it would both take twice as long.
 */
const placesFor = (cores: number): number => (cores === 1 ? 1 : cores + 1);

/**
 * The gate for bcrypt hashes of this cost. Its queue takes about six seconds (a hash of cost 12 takes 0.18 s of a
 * core), so that a request that waits in it is still answered in time.
 */
export function hashGate(cost: number, cores = availableParallelism()): Gate {
  return gate({ places: placesFor(cores), maxWaiting: cores * 2 ** (17 - cost) });
}

/**
 * The value of UV_THREADPOOL_SIZE, which must be set before the first use of the pool. Hashes take a thread for each
 * place of their gate; the disk, files and name look-ups, which share the pool, have two more.
 */
export function threadPoolSize(cores = availableParallelism()): number {
  return Math.max(4, placesFor(cores) + 2);
}
