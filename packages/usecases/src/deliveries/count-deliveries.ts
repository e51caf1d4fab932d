import type { Actor } from '@rekey/domain';
import type { Backlog, Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

/** Tells the operator how many deliveries wait and how many are dead, and since when the oldest waits. */
export class CountDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<Backlog> {
    onlyOperator(actor);
    return this.#ports.database.read(({ deliveries }) => deliveries.backlog());
  }
}
