import type { Actor, AuditOutcome, OperatorAct } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Records what the operator does outside of the database, to the key file for one. */
export class RecordAct {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    { type, outcome }: { readonly type: OperatorAct; readonly outcome: AuditOutcome },
  ): Promise<void> {
    onlyOperator(actor);
    await this.#ports.database.transact((stores) =>
      record(this.#ports, stores, actor, { type, outcome, serviceId: null }),
    );
  }
}
