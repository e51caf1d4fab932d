import type { Actor } from '@rekey/domain';
import type { FactorCounts, Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

/** Tells the operator how many accounts have which factor. */
export class CountFactors {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<FactorCounts> {
    onlyOperator(actor);
    return this.#ports.database.read(({ factors }) => factors.countUsers());
  }
}
