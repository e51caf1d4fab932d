import type { Id, IdPage, Service } from '@rekey/domain';

/** A service that is deleted is not there any more, but for `find`, `ids` and `knowing`. */
export interface Services {
  /** Adds a service; answers false, and changes nothing, where the id is taken. */
  insert(service: Service): Promise<boolean>;
  get(id: Id): Promise<Service | null>;
  /** A service that is there, or was: one that is deleted has nothing but a name, and is disabled. */
  find(id: Id): Promise<Service | null>;
  /** A page of the services that fit, by id, ascending. */
  list(filter: ServiceFilter, page: IdPage): Promise<Service[]>;
  /** Finds a service, and locks the row: every other change of it, and of which keys there are, waits until the transaction ends. */
  lock(id: Id): Promise<Service | null>;
  /** Finds a service that nobody locks until the transaction ends; any number of transactions keep it at a time. */
  keep(id: Id): Promise<Service | null>;
  /** Changes a service that is locked to what it is here. */
  update(service: Service): Promise<void>;
  /** Whether there is a key of a user at it that was not revoked. */
  hasUserKeys(id: Id): Promise<boolean>;
  /** Deletes a service that is locked, with the keys of its own. No more of it is kept than `remains`. */
  delete(remains: Service): Promise<void>;
  /** The ids of all services, and of those that are deleted. */
  ids(): Promise<Id[]>;
  /** The ids of the services that may know of a user: they made the user, or have a KEY or a TOKEN key of it, in whatever state. */
  knowing(userId: Id): Promise<Id[]>;
  /** The ids of the services that see a user now: those that may know of it, and all that are there and see all users. */
  seeing(userId: Id): Promise<Id[]>;
}

/** Nothing that is left out keeps a service away. */
export type ServiceFilter = {
  readonly ids?: readonly Id[] | undefined;
  readonly isEnabled?: boolean | undefined;
};
