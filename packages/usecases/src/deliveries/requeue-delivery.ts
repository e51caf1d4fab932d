import type { Actor, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** The outcome for the delivery; everything but `requeued` changed nothing. */
export type Requeued = 'requeued' | 'unknown' | 'too late' | 'not dead';

/** Gives a dead delivery another chance: it is due at once, unless its deadline has passed meanwhile. */
export class RequeueDelivery {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<Requeued> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    return database.transact(async (stores) => {
      const now = clock.now();
      const isRequeued = await stores.deliveries.requeue(id, now);
      const delivery = await stores.deliveries.get(id);
      if (delivery === null) return 'unknown';
      if (!isRequeued) return delivery.deadline <= now ? 'too late' : 'not dead';
      const { serviceId, userId } = delivery;
      const entry = { type: 'rekey:MailRequeue', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return 'requeued';
    });
  }
}
