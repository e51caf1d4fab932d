import type { Instant, PasswordChange } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Mails that one transaction requeues: logins wait no longer for it than for each other. */
const BATCH = 50;

/** Gives every dead letter another chance whose link is still good: after an SMTP server was misled, say. */
export class RequeueDeadMails {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many there were. */
  async execute(): Promise<number> {
    const { clock } = this.#ports;
    // Those that die again meanwhile have had their chance.
    const now = clock.now();
    let total = 0;
    for (;;) {
      const requeued = await this.#requeueSome(now);
      if (requeued === 0) return total;
      total += requeued;
    }
  }

  async #requeueSome(now: Instant): Promise<number> {
    return this.#ports.database.transact(async (stores) => {
      const ids = await stores.outbox.requeueDead(now, BATCH);
      const changes: PasswordChange[] = [];
      for (const id of ids) {
        const change = await stores.changes.get(id);
        if (change) changes.push(change);
      }
      // Chains in one order, so that no two wait for each other.
      changes.sort((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
      for (const { id: subjectId, serviceId, userId } of changes) {
        const event = { action: 'mail_requeue', serviceId, userId, subjectId } as const;
        await record(this.#ports, stores, event);
      }
      return ids.length;
    });
  }
}
