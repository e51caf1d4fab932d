import type { Actor, ProviderLink } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';

type Needs = Pick<Ports, 'database'>;

/** Lists the accounts at providers that open the account of the user who asks. */
export class ListLinks {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Forbidden` where no user asks with a session. */
  async execute(actor: Actor): Promise<readonly ProviderLink[]> {
    const { userId } = personOf(actor);
    return this.#ports.database.read(({ providerLinks }) => providerLinks.ofUser(userId));
  }
}
