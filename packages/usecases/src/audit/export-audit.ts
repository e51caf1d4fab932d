import type { Actor, AuditEntry, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'places'>;

/** Entries that are read at a time. */
const PAGE = 500;

type ExportAuditInput = {
  /** Of that service; undefined for all chains. */
  readonly serviceId?: Id | undefined;
};

/** Gives the operator every entry as it was written, chain by chain: all that it takes to verify them elsewhere. */
export class ExportAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async *execute(actor: Actor, { serviceId }: ExportAuditInput = {}): AsyncGenerator<AuditEntry> {
    onlyOperator(actor);
    const { database, places } = this.#ports;
    await places.caughtUp();
    const owners =
      serviceId === undefined ? await database.read(({ audit }) => audit.owners()) : [serviceId];
    for (const owner of owners) {
      for (let last = 0; ; ) {
        const from = last;
        const entries = await database.read(({ audit }) => audit.follow(owner, from, PAGE));
        yield* entries;
        if (entries.length < PAGE) break;
        last = entries.at(-1)?.sequence ?? from;
      }
    }
  }
}
