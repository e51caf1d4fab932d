import { type Id, type Key, NotFound } from '@rekey/domain';
import type { Caller } from './authenticate-key.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a service its own keys, and any key to the operator; never a key's value. */
export class ReadKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign keys alike. */
  async execute({ caller, id }: { readonly caller: Caller; readonly id: Id }): Promise<Key> {
    const key = await this.#ports.database.read(({ keys }) => keys.get(id));
    const isVisible = caller.kind === 'root' || key?.serviceId === caller.service.id;
    if (key === null || !isVisible) throw new NotFound();
    return key;
  }
}
