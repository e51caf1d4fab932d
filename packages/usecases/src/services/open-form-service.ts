import {
  type Actor,
  formServiceId,
  formServiceName,
  type Service,
  serviceDefaults,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids' | 'settings'>;

/** Makes the built-in service where it is not there yet, and answers it; done at every start. */
export class OpenFormService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<Service> {
    onlyOperator(actor);
    const { database, clock, settings } = this.#ports;
    const now = clock.now();
    const service: Service = {
      id: formServiceId,
      createdAt: now,
      updatedAt: now,
      name: formServiceName,
      url: settings.publicUrl,
      ...serviceDefaults,
      userAllowRegister: true,
      newDeviceMail: true,
    };
    return database.transact(async (stores) => {
      if (!(await stores.services.insert(service))) {
        return (await stores.services.get(service.id)) ?? service;
      }
      const chain = { serviceId: service.id, subjectId: null };
      await beginChain(this.#ports, stores, actor, chain);
      return service;
    });
  }
}
