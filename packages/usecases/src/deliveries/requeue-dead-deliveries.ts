import type { Actor, Instant } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Deliveries that one transaction requeues: logins wait no longer for it than for each other. */
const BATCH = 50;

/** Gives every dead delivery another chance whose deadline has not passed: after an SMTP server was misled, say. */
export class RequeueDeadDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many there were. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    // Deliveries that die again meanwhile have had their chance.
    const now = this.#ports.clock.now();
    let total = 0;
    for (;;) {
      const requeued = await this.#requeueSome(actor, now);
      if (requeued === 0) return total;
      total += requeued;
    }
  }

  async #requeueSome(actor: Actor, now: Instant): Promise<number> {
    return this.#ports.database.transact(async (stores) => {
      const requeued = await stores.deliveries.requeueDead(now, BATCH);
      for (const { id: subjectId, serviceId, userId } of requeued) {
        const entry = { type: 'rekey:MailRequeue', serviceId, userId, subjectId } as const;
        await record(this.#ports, stores, actor, entry);
      }
      return requeued.length;
    });
  }
}
