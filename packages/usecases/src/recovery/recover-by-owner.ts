import { type Actor, canLock, InvalidOneTimeToken, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { oweRecovery } from './owe-recovery.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/**
 * Mails the owner of a locked account a link that opens it again, for whoever holds a link that the lock spent: where the
 * service of that link lets owners do it by themselves.
 */
export class RecoverByOwner {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidOneTimeToken` for every token that this lock did not spend, `WrongState` for an account that is open
   * again, and `TooManyRequests`.
   */
  async execute(actor: Actor, { token: text }: { readonly token: string }): Promise<void> {
    const { database, linkTokens, clock } = this.#ports;
    const right = linkTokens.verify(text);
    if (right === null || !canLock(right.purpose)) throw new InvalidOneTimeToken();

    await database.transact(async (stores) => {
      const spent = await stores.oneTimeTokens.findSpent(right.id, clock.now());
      const userId = spent?.token.userId ?? null;
      if (spent?.token.purpose !== right.purpose || userId === null) {
        throw new InvalidOneTimeToken();
      }
      const { serviceId, email: countedFor } = spent.token;
      const service = await stores.services.get(serviceId);
      const isAllowed = service?.ownerRecovery && may(actor, 'use link', { serviceId });
      if (!isAllowed) throw new InvalidOneTimeToken();
      // A link of an earlier theft proves nothing about this one.
      await stores.users.lock(userId);
      const lock = await stores.users.lockOf(userId);
      if (lock !== null && spent.spentAt < lock.at) throw new InvalidOneTimeToken();
      await oweRecovery(this.#ports, stores, actor, { userId, serviceId, countedFor });
    });
  }
}
