import { type Actor, type Id, NotFound } from '@rekey/domain';
import { onlyOperator } from '../shared/only-operator.ts';
import { removePasskey } from '../shared/remove-passkey.ts';
import { type RemoveTotp, removeTotp } from './remove-totp.ts';

type Needs = ConstructorParameters<typeof RemoveTotp>[0];

/**
 * Takes a passkey, or the one-time codes, from a user who lost the device, at the word of the operator. The owner is mailed
 * of it.
 */
export class RemoveFactor {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for an unknown user, and where there is no such factor. `passkeyId`: the one-time codes unless given. */
  async execute(
    actor: Actor,
    { userId, passkeyId }: { readonly userId: Id; readonly passkeyId?: Id | undefined },
  ): Promise<void> {
    onlyOperator(actor);
    await this.#ports.database.transact(async (stores) => {
      const account = await stores.users.lock(userId);
      if (account === null) throw new NotFound();
      const of = { user: account.user, serviceId: null };
      await (passkeyId === undefined
        ? removeTotp(this.#ports, stores, actor, of)
        : removePasskey(this.#ports, stores, actor, { ...of, id: passkeyId }));
    });
  }
}
