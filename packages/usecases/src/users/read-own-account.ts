import { type Actor, Unauthorized, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a person the own account. */
export class ReadOwnAccount {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` for everybody but people with a session. */
  async execute(actor: Actor): Promise<User> {
    if (actor.kind !== 'user') throw new Unauthorized();
    const { userId } = actor.session;
    const user = await this.#ports.database.read(({ users }) => users.get(userId));
    if (user === null) throw new Unauthorized();
    return user;
  }
}
