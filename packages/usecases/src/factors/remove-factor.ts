import { type Actor, type Id, NotFound, type Provider } from '@rekey/domain';
import { onlyOperator } from '../shared/only-operator.ts';
import { removeLink } from '../shared/remove-link.ts';
import { removePasskey } from '../shared/remove-passkey.ts';
import { type RemoveTotp, removeTotp } from './remove-totp.ts';

type Needs = ConstructorParameters<typeof RemoveTotp>[0];

type RemoveFactorInput = {
  readonly userId: Id;
  /** The one-time codes, the account at a provider, or a passkey. */
  readonly factor: 'totp' | Provider | { readonly passkeyId: Id };
};

/**
 * Takes one factor from a user who lost it, at the word of the operator: the one-time codes with the recovery codes, a
 * passkey, or the link with a provider. The owner is mailed of it.
 */
export class RemoveFactor {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for an unknown user, and where there is no such factor; `WrongState` for a link that is the last way
   * into the account.
   */
  async execute(actor: Actor, { userId, factor }: RemoveFactorInput): Promise<void> {
    onlyOperator(actor);
    await this.#ports.database.transact(async (stores) => {
      const account = await stores.users.lock(userId);
      if (account === null) throw new NotFound();
      const of = { user: account.user, serviceId: null };
      if (factor === 'totp') await removeTotp(this.#ports, stores, actor, of);
      else if (typeof factor === 'object') {
        await removePasskey(this.#ports, stores, actor, { ...of, id: factor.passkeyId });
      } else {
        const links = await stores.providerLinks.ofUser(userId);
        const id = links.find(({ provider }) => provider === factor)?.id ?? '';
        await removeLink(this.#ports, stores, actor, { id, account, serviceId: null });
      }
    });
  }
}
