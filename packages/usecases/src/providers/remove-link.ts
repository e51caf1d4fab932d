import type { Actor, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { removeLink } from '../shared/remove-link.ts';
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
    const { serviceId } = person;
    await this.#ports.database.transact(async (stores) => {
      const { account } = await lockPerson(this.#ports, stores, person);
      await removeLink(this.#ports, stores, actor, { id, account, serviceId });
    });
  }
}
