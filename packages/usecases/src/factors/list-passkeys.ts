import type { Actor, Passkey } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';

type Needs = Pick<Ports, 'database'>;

/** Lists the passkeys of a person with a session, the oldest first. */
export class ListPasskeys {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Forbidden` for whoever is no person with a session. */
  async execute(actor: Actor): Promise<Passkey[]> {
    const { userId } = personOf(actor);
    return this.#ports.database.read(({ passkeys }) => passkeys.ofUser(userId));
  }
}
