import type { Actor, Key } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

/** Lists the keys of the operator over the network, the newest first. */
export class ListRootKeys {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<Key[]> {
    onlyOperator(actor);
    const keys = await this.#ports.database.transact((stores) => stores.keys.lockOwn(null));
    return keys.toReversed();
  }
}
