import { type Actor, type Id, type Key, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

export type KeyNamed = {
  readonly id: Id;
  /** Of this user, or not found. */
  readonly userId?: Id | undefined;
};

/** Shows a service its own keys, and any key to the operator; never a key's value. */
export class ReadKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign keys alike. */
  async execute(actor: Actor, { id, userId }: KeyNamed): Promise<Key> {
    const key = await this.#ports.database.read(({ keys }) => keys.get(id));
    if (key === null || !may(actor, 'see key', key)) throw new NotFound();
    if (userId !== undefined && key.userId !== userId) throw new NotFound();
    return key;
  }
}
