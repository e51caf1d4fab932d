import { type Id, NotFound, type User } from '@rekey/domain';
import type { Caller } from './authenticate-key.ts';
import type { Ports } from './ports.ts';
import { isVisible } from './visible-user.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a user to a service that made the user or has a key of it, and any user to the operator. */
export class ReadUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign users alike. */
  async execute({ caller, id }: { readonly caller: Caller; readonly id: Id }): Promise<User> {
    const user = await this.#ports.database.read(async (stores) => {
      const found = await stores.users.get(id);
      if (found === null || caller.kind === 'root') return found;
      return (await isVisible(stores, found, caller.service.id)) ? found : null;
    });
    if (user === null) throw new NotFound();
    return user;
  }
}
