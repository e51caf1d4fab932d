import type { Id, Service } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Named = Pick<Service, 'id' | 'name'>;

const PAGE = 1000;

/** The services that rows can name: those that are there, and those that come with the import. They are few. */
export class Directory {
  readonly #byId = new Map<Id, Named>();
  readonly #byName = new Map<string, Named[]>();
  /** The services that see all users. */
  readonly watchers: Id[] = [];

  static async open({ database }: Pick<Ports, 'database'>): Promise<Directory> {
    const directory = new Directory();
    for (let after: Id | undefined; ; ) {
      const page = { after, limit: PAGE };
      const services = await database.read((stores) => stores.services.list({}, page));
      for (const service of services) directory.#add(service);
      for (const { id, seesAllUsers } of services) if (seesAllUsers) directory.watchers.push(id);
      after = services.at(-1)?.id;
      if (services.length < PAGE) return directory;
    }
  }

  /** The service that a row of services is about: the one with its id or, without an id, the only one of its name. */
  meet(service: Named, hasId: boolean): Named & { readonly isNew: boolean } {
    const named = this.#byName.get(service.name) ?? [];
    const found = hasId ? this.#byId.get(service.id) : named.length === 1 ? named[0] : undefined;
    if (found) return { ...found, isNew: false };
    this.#add(service);
    return { id: service.id, name: service.name, isNew: true };
  }

  /** Finds a service by its id or its name; a text is the reason why there is none. */
  find(named: string): Named | string {
    const found = this.#byId.get(named.toLowerCase());
    if (found) return found;
    const [first, second] = this.#byName.get(named) ?? [];
    if (second) return 'is the name of several services: give an id';
    return first ?? 'is neither the id nor the name of a service';
  }

  #add({ id, name }: Named): void {
    this.#byId.set(id, { id, name });
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), { id, name }]);
  }
}
