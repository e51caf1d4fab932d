import { type Actor, type Id, may, NotFound, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { isKnownTo } from '../shared/known-user.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a user to a service that made the user or has a key of it, and any user to the operator. */
export class ReadUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign users alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<User> {
    const { user, isKnown } = await this.#ports.database.read(async (stores) => {
      const user = await stores.users.get(id);
      const isKnown =
        user !== null &&
        actor.kind === 'service' &&
        (await isKnownTo(stores, user, actor.service.id));
      return { user, isKnown };
    });
    if (user === null || !may(actor, 'read user', { isKnown })) throw new NotFound();
    return user;
  }
}
