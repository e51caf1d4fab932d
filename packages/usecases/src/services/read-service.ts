import { type Actor, type Id, may, NotFound, type Service } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** Looks at a service: the operator at any, a service at itself. */
export class ReadService {
  readonly #ports: Pick<Ports, 'database'>;

  constructor(ports: Pick<Ports, 'database'>) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for services that are unknown, deleted or foreign. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<Service> {
    if (!may(actor, 'read service', { serviceId: id })) throw new NotFound();
    const service = await this.#ports.database.read(({ services }) => services.get(id));
    if (service === null) throw new NotFound();
    return service;
  }
}
