import { type Actor, Forbidden, may, type Service } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { type CreateServiceInput, newService } from './new-service.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Registers a service, which has no key yet. */
export class CreateService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Forbidden` for everybody but the operator. */
  async execute(actor: Actor, input: CreateServiceInput): Promise<Service> {
    if (!may(actor, 'administer services', null)) throw new Forbidden('root_key_required');
    const service = newService(this.#ports, input);
    await this.#ports.database.transact(async (stores) => {
      await stores.services.insert(service);
      const chain = { serviceId: service.id, subjectId: null };
      await beginChain(this.#ports, stores, actor, chain);
    });
    return service;
  }
}
