import { type Actor, Forbidden, type Id, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { oweRecovery } from './owe-recovery.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/**
 * Has the owner of a locked account mailed a link that opens it again: for a service that the account is known to, and
 * for the operator. Whoever asks learns nothing, and opens nothing.
 */
export class RecoverUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign users alike, `Forbidden` for one that is merely seen, `WrongState` for an
   * account that is not locked, and `TooManyRequests`.
   */
  async execute(actor: Actor, { id: userId }: { readonly id: Id }): Promise<void> {
    const serviceId = actor.kind === 'service' ? actor.service.id : null;
    await this.#ports.database.transact(async (stores) => {
      const found = await stores.users.see(userId, serviceId);
      const isKnown = found?.isVisible === true;
      if (!found || !may(actor, 'read user', { isKnown })) throw new NotFound();
      if (!may(actor, 'recover user', { isKnown })) throw new Forbidden('forbidden');
      await oweRecovery(this.#ports, stores, actor, { userId, serviceId, countedFor: serviceId });
    });
  }
}
