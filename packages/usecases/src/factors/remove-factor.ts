import { type Actor, type Id, NotFound } from '@rekey/domain';

import { onlyOperator } from '../shared/only-operator.ts';
import { type RemoveTotp, removeTotp } from './remove-totp.ts';

type Needs = ConstructorParameters<typeof RemoveTotp>[0];

/** Takes the one-time codes from a user who lost the device, at the word of the operator. The owner is mailed of it. */
export class RemoveFactor {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for an unknown user, and where there are none. */
  async execute(actor: Actor, { userId }: { readonly userId: Id }): Promise<void> {
    onlyOperator(actor);
    await this.#ports.database.transact(async (stores) => {
      const account = await stores.users.lock(userId);
      if (account === null) throw new NotFound();
      await removeTotp(this.#ports, stores, actor, { user: account.user, serviceId: null });
    });
  }
}
