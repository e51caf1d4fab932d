import type { Actor, Id, SeenUser } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { seenBy } from '../shared/viewer.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a user to a service that made the user or has a key of it, and any user to the operator. */
export class ReadUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign users alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<SeenUser> {
    return this.#ports.database.read((stores) => seenBy(actor, stores, id));
  }
}
