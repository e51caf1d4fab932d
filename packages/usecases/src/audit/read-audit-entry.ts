import { type AuditEntry, type Id, NotFound } from '@rekey/domain';
import type { Caller } from './authenticate-key.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows an entry of the audit to the service that it is about, and any to the operator. */
export class ReadAuditEntry {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign entries alike. */
  async execute({ caller, id }: { readonly caller: Caller; readonly id: Id }): Promise<AuditEntry> {
    const entry = await this.#ports.database.read(({ audit }) => audit.get(id));
    const isVisible = caller.kind === 'root' || entry?.serviceId === caller.service.id;
    if (entry === null || !isVisible) throw new NotFound();
    return entry;
  }
}
