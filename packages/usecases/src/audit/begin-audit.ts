import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/**
 * Begins the operator's chain, in which all others are announced; done at every start. It is not begun in a database
 * that has services: there it was, and somebody took it away.
 */
export class BeginAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<void> {
    onlyOperator(actor);
    const { database } = this.#ports;
    if ((await database.read(({ audit }) => audit.chain(null))) !== null) return;
    await database.transact(async (stores) => {
      if ((await stores.services.ids()).length > 0) return;
      // Several servers may start at once.
      await stores.pending.takeTurn({ isPatient: true });
      // A beginning that another one has committed may still be pending.
      if ((await stores.audit.chain(null)) !== null) return;
      if ((await stores.pending.entriesOf(null)).length > 0) return;
      await record(this.#ports, stores, actor, { type: 'rekey:ChainBegin', serviceId: null });
    });
  }
}
