import { type Actor, MINUTE_MS } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** No request takes so long, and no clocks differ so much. */
const LATE_MS = 10 * MINUTE_MS;
const BATCH = 1000;

/**
 * Erases what entries say in words about users who were deleted while the entries were still on their way: a try to log
 * in, for one, that had found the user before.
 */
export class EraseLateTexts {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many users and keys it looked at again. Safe to run at several servers at once. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const now = clock.now();
    const filter = { serviceIds: [null], types: ['rekey:AuditErase'], isDescending: true };
    const range = { from: now - LATE_MS, to: now + LATE_MS };
    const erased = await database.read(async ({ audit }) => {
      const places = await audit.list({ ...filter, ...range }, BATCH);
      return audit.getAll(places.map(({ id }) => id));
    });
    const ids = erased.flatMap(({ subjectId }) => subjectId ?? []);
    if (ids.length > 0) await database.transact(({ audit }) => audit.eraseAgain(ids));
    return ids.length;
  }
}
