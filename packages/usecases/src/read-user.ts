import { type Id, NotFound, type User } from '@rekey/domain';
import type { Caller } from './authenticate-key.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a user to a service that made the user or has a key of it, and any user to the operator. */
export class ReadUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign users alike. */
  async execute({ caller, id }: { readonly caller: Caller; readonly id: Id }): Promise<User> {
    const user = await this.#ports.database.read(async ({ users, keys }) => {
      const found = await users.get(id);
      if (found === null || caller.kind === 'root') return found;
      const isOwn = found.createdBy === caller.service.id;
      return isOwn || (await keys.linksUser(found.id, caller.service.id)) ? found : null;
    });
    if (user === null) throw new NotFound();
    return user;
  }
}
