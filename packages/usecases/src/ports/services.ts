import type { Id, Service } from '@rekey/domain';

export interface Services {
  /** Adds a service; answers false, and changes nothing, where the id is taken. */
  insert(service: Service): Promise<boolean>;
  get(id: Id): Promise<Service | null>;
  /** The ids of all services. */
  ids(): Promise<Id[]>;
  /** The ids of the services that may know of a user: they made the user, or have or had a key of it. */
  knowing(userId: Id): Promise<Id[]>;
}
