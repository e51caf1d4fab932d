import {
  type Actor,
  formServiceId,
  formServiceName,
  type Service,
  serviceDefaults,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { diffOf } from '../shared/diff.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids' | 'settings'>;

/** Makes the built-in service where it is not there yet, and gives it what the settings say; done at every start. */
export class OpenFormService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<Service> {
    onlyOperator(actor);
    const { database, clock, settings } = this.#ports;
    const now = clock.now();
    const governed = {
      url: settings.publicUrl,
      userAllowRegister: settings.usersSignup,
      ownerRecovery: settings.usersRecovery === 'owner',
    };
    const service: Service = {
      id: formServiceId,
      createdAt: now,
      updatedAt: now,
      name: formServiceName,
      ...serviceDefaults,
      newDeviceMail: true,
      ...governed,
    };
    return database.transact(async (stores) => {
      if (await stores.services.insert(service)) {
        const chain = { serviceId: service.id, subjectId: null };
        await beginChain(this.#ports, stores, actor, chain);
        return service;
      }
      const before = (await stores.services.lock(service.id)) ?? service;
      const after = { ...before, ...governed };
      if (diffOf(before, after) === null) return before;
      await stores.services.update({ ...after, updatedAt: now });
      return { ...after, updatedAt: now };
    });
  }
}
