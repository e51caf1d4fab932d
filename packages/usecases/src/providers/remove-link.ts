import { type Actor, type Id, NotFound, WrongState } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { tellFactor } from '../shared/tell-factor.ts';
import { lockPerson } from '../shared/with-code.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/** Takes from an account at a provider the right to open the account of the user who asks. The owner is mailed. */
export class RemoveLink {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` where no user asks with a session, `Unauthorized` where it ended meanwhile, `NotFound` for a link that is not the user's,
   * `WrongState` for the last way into an account, and `TooManyRequests` where the owner could not be mailed.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    const person = personOf(actor);
    const { userId, serviceId } = person;
    await this.#ports.database.transact(async (stores) => {
      const { account } = await lockPerson(this.#ports, stores, person);
      const { user, credential } = account;
      const links = await stores.providerLinks.ofUser(userId);
      if (!links.some((link) => link.id === id)) throw new NotFound();
      const isLastWay =
        credential.passwordHash === null && !user.factors.hasPasskey && links.length === 1;
      if (isLastWay) throw new WrongState('last_way_in');
      const kind = await stores.providerLinks.remove(id, userId);
      if (kind === null) throw new NotFound();
      const of = { user, serviceId, subjectId: id };
      await tellFactor(this.#ports, stores, actor, { ...of, kind, change: 'removed' });
    });
  }
}
