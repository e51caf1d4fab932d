import { availableParallelism } from 'node:os';
import { Overloaded } from '@rekey/domain';

/** Lets a few works run at a time, makes some wait, and turns the rest away. */
export type Gate = {
  /**
   * Runs `work` as soon as a place is free, first come, first served.
   * Throws `Overloaded`, without running it, where the queue is full.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Throws `Overloaded` where `run` would. */
  admit(): void;
  readonly running: number;
  readonly waiting: number;
};

export type GateOptions = {
  /** How many works run at a time. */
  readonly places: number;
  /** How many may wait besides. */
  readonly maxWaiting: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
};

export function gate({ places, maxWaiting, now = () => performance.now() }: GateOptions): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  /** Milliseconds that a work takes: a moving average, nothing until the first one is done. */
  let usual = 0;

  function leave(): void {
    const next = queue.shift();
    // The place goes from hand to hand: nobody who comes now can slip in between.
    if (next) next();
    else running -= 1;
  }

  function admit(): void {
    if (running < places || queue.length < maxWaiting) return;
    const rounds = (queue.length + 1) / places;
    throw new Overloaded(Math.max(1, Math.ceil((rounds * usual) / 1000)));
  }

  return {
    admit,
    async run(work) {
      admit();
      if (running < places) {
        running += 1;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        queue.push(resolve);
        await promise;
      }
      const start = now();
      try {
        return await work();
      } finally {
        const took = now() - start;
        usual = usual === 0 ? took : usual + (took - usual) / 8;
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
  };
}

/** Hashes at a time: one for each core, and one more that takes over at once when one of them is done. */
const placesFor = (cores: number): number => cores + 1;

/**
 * The gate for bcrypt hashes of this cost, and a queue that takes about six seconds (a hash of cost 12 takes 0.18 s
 * of a core), so that what waits is still answered within the time that a request has.
 */
export function hashGate(cost: number, cores = availableParallelism()): Gate {
  return gate({ places: placesFor(cores), maxWaiting: cores * 2 ** (17 - cost) });
}

/**
 * What UV_THREADPOOL_SIZE must be before the pool's first use. Hashes take a thread for each place
 * of their gate; the disk, files and name look-ups, which share the pool, find two more that are free.
 */
export function threadPoolSize(cores = availableParallelism()): number {
  return Math.max(4, placesFor(cores) + 2);
}
