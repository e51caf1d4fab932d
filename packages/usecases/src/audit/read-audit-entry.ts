import { type Actor, type AuditEntry, type Id, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows an entry of the audit to the service that it is about, and any entry to the operator. */
export class ReadAuditEntry {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign entries alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<AuditEntry> {
    const entry = await this.#ports.database.read(({ audit }) => audit.get(id));
    if (entry === null || !may(actor, 'read audit', entry)) throw new NotFound();
    return entry;
  }
}
