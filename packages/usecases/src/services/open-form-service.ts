import type { Id, Service } from '@rekey/domain';
import type { Ports, Settings } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids' | 'settings'>;

/** The built-in service that owns the form dialect. */
export const formServiceName = 'users';
export const formServiceId: Id = '00000000-0000-7000-8000-000000000001';

/** What people know a service by: nobody calls the built-in one by its own name. */
export const nameForPeople = (
  { id, name }: Pick<Service, 'id' | 'name'>,
  { brandName }: Settings,
): string => (id === formServiceId ? brandName : name);

/** Sees to it that the built-in service exists, and answers it; done at every start. */
export class OpenFormService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(): Promise<Service> {
    const { database, clock, settings } = this.#ports;
    const now = clock.now();
    const service: Service = {
      id: formServiceId,
      createdAt: now,
      updatedAt: now,
      name: formServiceName,
      url: settings.publicUrl,
      localUrl: null,
      allowRegister: true,
      emailText: null,
    };
    return database.transact(async (stores) => {
      if (!(await stores.services.insert(service))) {
        return (await stores.services.get(service.id)) ?? service;
      }
      await record(this.#ports, stores, { action: 'service_create', serviceId: service.id });
      return service;
    });
  }
}
