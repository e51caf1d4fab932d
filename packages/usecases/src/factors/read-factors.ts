import { type Actor, type Id, NotFound, type ProviderLink } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { type SeenFactors, seenFactors } from '../shared/seen-factors.ts';

/** Shows the operator which second factors a user has, and which accounts at providers open the account. */
export class ReadFactors {
  readonly #ports: Pick<Ports, 'database' | 'clock'>;

  constructor(ports: Pick<Ports, 'database' | 'clock'>) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for an unknown user. */
  async execute(
    actor: Actor,
    { userId }: { readonly userId: Id },
  ): Promise<SeenFactors & { readonly providerLinks: readonly ProviderLink[] }> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const { found, providerLinks } = await database.read(async (stores) => ({
      found: await seenFactors(stores, userId, clock.now()),
      providerLinks: await stores.providerLinks.ofUser(userId),
    }));
    if (found === null) throw new NotFound();
    return { ...found, providerLinks };
  }
}
