import { type Actor, Forbidden, type Id, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { endSessionsAt } from '../shared/end-session.ts';
import { seenBy, viewerOf } from '../shared/viewer.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Logs a user out: a service of itself, the operator everywhere or of one service. */
export class EndAllSessions {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers how many sessions ended; devices of the user become unknown. Throws `NotFound` for unknown and foreign users
   * alike, and `Forbidden` for a service that names another one.
   */
  async execute(
    actor: Actor,
    { userId, serviceId }: { readonly userId: Id; readonly serviceId?: Id | undefined },
  ): Promise<number> {
    const own = viewerOf(actor);
    if (own !== null && serviceId !== undefined && serviceId !== own) {
      throw new Forbidden('root_key_required');
    }
    return this.#ports.database.transact(async (stores) => {
      if ((await stores.users.lock(userId)) === null) throw new NotFound();
      await seenBy(actor, stores, userId);
      const at = own ?? serviceId;
      const serviceIds = at === undefined ? await stores.services.knowing(userId) : [at];
      return endSessionsAt(this.#ports, stores, actor, {
        userId,
        serviceIds,
      });
    });
  }
}
