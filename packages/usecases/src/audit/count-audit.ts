import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

/** Tells the operator how many entries the audit has. */
export class CountAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    return this.#ports.database.read(({ audit }) => audit.count());
  }
}
