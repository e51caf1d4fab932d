import {
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  emptyAuditChain,
  type Id,
  type Key,
  keyMakingTypes,
} from '@rekey/domain';
import type { Audit } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function audit({ audit, auditChains, auditSums, keys }: Tables): Audit {
  const chainOf = (serviceId: Id | null) =>
    audit.rows().filter((entry) => entry.serviceId === serviceId);
  const isRecorded = ({ id, serviceId }: Key) =>
    chainOf(serviceId).some(({ type, subjectId }) => subjectId === id && makesKeys(type));
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
    count: async () => audit.size,
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
    keys: async (after, limit) =>
      keys
        .rows()
        .map(({ key }) => key)
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map((key) => {
          const { id, createdAt, serviceId } = key;
          return { id, createdAt, serviceId, isRecorded: isRecorded(key) };
        }),
    addToSum: async (sum) => {
      const { count = 0 } = auditSums.get(keyOf(sum)) ?? {};
      auditSums.put(keyOf(sum), { ...sum, count: count + sum.count });
    },
    takeSums: async (now, limit) => {
      const over = auditSums.rows().filter(({ endsAt }) => endsAt <= now);
      const taken = over.filter((sum) => groupOf(sum) === groupOf(over[0] ?? sum)).slice(0, limit);
      for (const sum of taken) auditSums.delete(keyOf(sum));
      return taken;
    },
  };
}

const makesKeys = (type: AuditEntry['type']): boolean =>
  keyMakingTypes.some((each) => each === type);

const groupOf = ({ endsAt, serviceId, type }: AuditSum): string =>
  JSON.stringify([endsAt, serviceId, type]);
const keyOf = (sum: AuditSum): string => JSON.stringify([groupOf(sum), sum.network]);

/** Whether `b` comes after `a` in a list with the latest first. */
const comesAfter = (a: AuditPlace, b: AuditPlace): boolean =>
  b.createdAt === a.createdAt ? b.id < a.id : b.createdAt < a.createdAt;
