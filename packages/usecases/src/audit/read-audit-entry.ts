import { type Actor, type AmendedEntry, type Id, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findEntries } from '../shared/find-entries.ts';

type Needs = Pick<Ports, 'database' | 'places'>;

/** Shows an entry of the audit to the service that it is about, and any entry to the operator. */
export class ReadAuditEntry {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign entries alike, and for one that is not about that subject. */
  async execute(
    actor: Actor,
    { id, subject }: { readonly id: Id; readonly subject?: string | undefined },
  ): Promise<AmendedEntry> {
    await this.#ports.places.caughtUp(actor.kind === 'service' ? [actor.service.id] : undefined);
    const [entry] = await this.#ports.database.read((stores) => findEntries(stores, [id]));
    if (!entry || !may(actor, 'read audit', entry)) throw new NotFound();
    if (subject !== undefined && subject !== (entry.subjectId ?? entry.subject)) {
      throw new NotFound();
    }
    return entry;
  }
}
