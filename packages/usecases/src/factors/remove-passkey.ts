import type { Actor, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import type { Recorder } from '../shared/record.ts';
import { removePasskey } from '../shared/remove-passkey.ts';
import { lockPerson } from '../shared/with-code.ts';

type Needs = Recorder & Pick<Ports, 'database' | 'secrets' | 'linkTokens' | 'settings'>;

/** Takes a passkey from its owner, who has a session. The owner is mailed of it. */
export class RemovePasskey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` for whoever is no person with a session, `Unauthorized` where that ended, and `NotFound` for
   * passkeys that are unknown and those of others alike.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    const person = personOf(actor);
    await this.#ports.database.transact(async (stores) => {
      const { account } = await lockPerson(this.#ports, stores, person);
      const { serviceId } = person;
      await removePasskey(this.#ports, stores, actor, { id, user: account.user, serviceId });
    });
  }
}
