import { type Actor, type IdPage, type Key, may, Unauthorized } from '@rekey/domain';
import type { KeyFilter, Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a service its own keys, and all keys to the operator, by their ids; never a key's value. */
export class ListKeys {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    { page, ...filter }: KeyFilter & { readonly page: IdPage },
  ): Promise<Key[]> {
    const own = actor.kind === 'service' ? actor.service.id : null;
    if (!may(actor, 'see key', { serviceId: own })) throw new Unauthorized();
    const asked = filter.serviceIds;
    const serviceIds = own === null ? asked : (asked ?? [own]).filter((id) => id === own);
    return this.#ports.database.read(({ keys }) => keys.list({ ...filter, serviceIds }, page));
  }
}
