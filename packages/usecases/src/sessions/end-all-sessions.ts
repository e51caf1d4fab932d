import { type Actor, type Id, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { inChainOrder } from '../shared/chain-order.ts';
import { endSessionsAt } from '../shared/end-session.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** The operator logs a user out everywhere, or of one service. */
export class EndAllSessions {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many sessions ended. Throws `NotFound` where there is no such user. */
  async execute(
    actor: Actor,
    { userId, serviceId }: { readonly userId: Id; readonly serviceId?: Id | undefined },
  ): Promise<number> {
    onlyOperator(actor);
    return this.#ports.database.transact(async (stores) => {
      if ((await stores.users.lock(userId)) === null) throw new NotFound();
      const knowing = serviceId === undefined ? await stores.services.knowing(userId) : [serviceId];
      const serviceIds = inChainOrder(knowing.map((id) => ({ serviceId: id })));
      return endSessionsAt(this.#ports, stores, actor, {
        userId,
        serviceIds: serviceIds.map((each) => each.serviceId),
      });
    });
  }
}
