import type { Id, Service } from '@rekey/domain';

export interface Services {
  /** Adds a service; answers false, and changes nothing, where the id is taken. */
  insert(service: Service): Promise<boolean>;
  get(id: Id): Promise<Service | null>;
  /** The ids of all services. */
  ids(): Promise<Id[]>;
}
