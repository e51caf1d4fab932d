import { type Actor, type Id, type Key, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** Lists the keys that a service asks with, and none of its users, the newest first. */
export class ListOwnKeys {
  readonly #ports: Pick<Ports, 'database'>;

  constructor(ports: Pick<Ports, 'database'>) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for services that are unknown, deleted or foreign. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<Key[]> {
    if (!may(actor, 'read service', { serviceId: id })) throw new NotFound();
    return this.#ports.database.transact(async ({ services, keys }) => {
      if ((await services.get(id)) === null) throw new NotFound();
      return (await keys.lockOwn(id)).sort((a, b) => (a.id < b.id ? 1 : -1));
    });
  }
}
