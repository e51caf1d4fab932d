import type { Ports, Stores } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Milliseconds. */
const DAY = 86_400_000;
/** For an operator who wants to see what was there. */
const SESSIONS_KEPT = 7 * DAY;
const CHANGES_KEPT = 90 * DAY;

/** Rows of a kind that one transaction deletes: others wait for it no longer than for a login. */
const BATCH = 500;
const MAX_BATCHES = 50;

/** Deletes what has long been over: sessions with their refresh tokens, changes whose link has expired, and tries that no longer count. */
export class Prune {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many rows it deleted. What is too much for one run is left to the next. */
  async execute(): Promise<number> {
    const now = this.#ports.clock.now();
    const sessions = await this.#inBatches(({ sessions }) =>
      sessions.prune(now - SESSIONS_KEPT, BATCH),
    );
    const changes = await this.#inBatches(({ changes }) =>
      changes.prune(now - CHANGES_KEPT, BATCH),
    );
    const throttles = await this.#inBatches(({ throttles }) => throttles.prune(now, BATCH));
    return sessions + changes + throttles;
  }

  async #inBatches(prune: (stores: Stores) => Promise<number>): Promise<number> {
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const deleted = await this.#ports.database.transact(prune);
      if (deleted === 0) break;
      total += deleted;
    }
    return total;
  }
}
