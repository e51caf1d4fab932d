import {
  type Actor,
  type AuditEntry,
  type AuditPlace,
  type AuditType,
  type Id,
  type Instant,
  may,
  Unauthorized,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

export type ListAuditInput = {
  readonly userId?: Id | undefined;
  readonly type?: AuditType | undefined;
  readonly from?: Instant | undefined;
  /** Entries of that instant are left out. */
  readonly to?: Instant | undefined;
  /** Where the page before ended. */
  readonly after?: AuditPlace | undefined;
  readonly limit: number;
};

/** Shows a service what happened through it, and the operator everything, the latest first. */
export class ListAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** `next`: where the page ends; null where nothing comes after it. */
  async execute(
    actor: Actor,
    { userId, type, from = 0, to = Number.MAX_SAFE_INTEGER, after, limit }: ListAuditInput,
  ): Promise<{ entries: AuditEntry[]; next: AuditPlace | null }> {
    const serviceId = actor.kind === 'service' ? actor.service.id : undefined;
    if (!may(actor, 'read audit', { serviceId: serviceId ?? null })) throw new Unauthorized();
    const before = after && after.createdAt < to ? after : { createdAt: to, id: '' };
    const found = await this.#ports.database.read(({ audit }) =>
      // One more, to see whether there are more.
      audit.list({ serviceId, userId, type, from, before }, limit + 1),
    );
    const entries = found.slice(0, limit);
    return { entries, next: found.length > limit ? (entries.at(-1) ?? null) : null };
  }
}
