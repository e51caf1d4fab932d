import { type AuditPlace, emptyAuditChain, type Id } from '@rekey/domain';
import type { Audit } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function audit({ audit, auditChains }: Tables): Audit {
  const chainOf = (serviceId: Id | null) =>
    audit.rows().filter((entry) => entry.serviceId === serviceId);
  return {
    lock: async (serviceId) => auditChains.get(serviceId) ?? emptyAuditChain(serviceId),
    append: async (entry, chain) => {
      audit.put(entry.id, entry);
      auditChains.put(chain.serviceId, chain);
    },
    get: async (id) => audit.get(id) ?? null,
    list: async ({ serviceId, userId, type, from, before }, limit) =>
      audit
        .rows()
        .filter((entry) => serviceId === undefined || entry.serviceId === serviceId)
        .filter((entry) => userId === undefined || entry.userId === userId)
        .filter((entry) => type === undefined || entry.type === type)
        .filter((entry) => entry.createdAt >= from && comesAfter(before, entry))
        .sort((a, b) => (comesAfter(a, b) ? -1 : 1))
        .slice(0, limit),
    owners: async () => auditChains.rows().map(({ serviceId }) => serviceId),
    chain: async (serviceId) => auditChains.get(serviceId) ?? null,
    follow: async (serviceId, sequence, limit) =>
      chainOf(serviceId)
        .filter((entry) => entry.sequence > sequence)
        .sort((a, b) => a.sequence - b.sequence)
        .slice(0, limit),
    prune: async (chain) => {
      for (const { id, sequence } of chainOf(chain.serviceId)) {
        if (sequence <= chain.pruned) audit.delete(id);
      }
      auditChains.put(chain.serviceId, chain);
    },
  };
}

/** Whether `b` comes after `a` in a list with the latest first. */
const comesAfter = (a: AuditPlace, b: AuditPlace): boolean =>
  b.createdAt === a.createdAt ? b.id < a.id : b.createdAt < a.createdAt;
