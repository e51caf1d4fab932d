import type { Id } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** What became of it; everything but `requeued` changed nothing. */
export type Requeued = 'requeued' | 'unknown' | 'link expired' | 'not dead';

/** Gives a dead letter another chance: it is due at once, unless its link has expired meanwhile. */
export class RequeueMail {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(changeId: Id): Promise<Requeued> {
    const { database, clock } = this.#ports;
    return database.transact(async (stores) => {
      const now = clock.now();
      const isRequeued = await stores.outbox.requeue(changeId, now);
      const change = await stores.changes.get(changeId);
      if (change === null) return 'unknown';
      if (isRequeued) {
        const { serviceId, userId } = change;
        const event = { action: 'mail_requeue', serviceId, userId, subjectId: changeId } as const;
        await record(this.#ports, stores, event);
        return 'requeued';
      }
      return change.expiresAt <= now ? 'link expired' : 'not dead';
    });
  }
}
