import type { Actor, Key, Service } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { newKey } from '../shared/new-key.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { type CreateServiceInput, newService } from './new-service.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

/** Registers a service and hands out the key that it authenticates with, once. */
export class CreateServiceWithKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    input: CreateServiceInput,
  ): Promise<{ service: Service; key: Key; value: string }> {
    onlyOperator(actor);
    const service = newService(this.#ports, input);
    const { key, value, secret } = newKey(this.#ports, {
      type: 'KEY',
      name: service.name,
      serviceId: service.id,
      userId: null,
    });
    await this.#ports.database.transact(async (stores) => {
      await stores.services.insert(service);
      await stores.keys.insert(key, secret);
      const chain = { serviceId: service.id, subjectId: key.id };
      await beginChain(this.#ports, stores, actor, chain);
    });
    return { service, key, value };
  }
}
