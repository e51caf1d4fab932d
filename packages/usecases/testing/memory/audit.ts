import {
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  type Id,
  type Key,
  keyMakingTypes,
} from '@rekey/domain';
import type { Audit } from '../../src/ports/index.ts';
import { addPending } from './pending.ts';
import type { Tables } from './tables.ts';

export function audit(tables: Tables): Audit {
  const { audit, auditChains, auditSums, keys } = tables;
  const chainOf = (serviceId: Id | null) =>
    audit.rows().filter((entry) => entry.serviceId === serviceId);
  const isRecorded = ({ id, serviceId }: Key) =>
    chainOf(serviceId).some(({ type, subjectId }) => subjectId === id && makesKeys(type));
  const strip = (entry: AuditEntry) =>
    audit.put(entry.id, { ...entry, subject: null, origin: null, data: null, salt: null });
  return {
    insert: async (entries) =>
      addPending(
        tables,
        entries.map((pending) => ({ pending })),
      ),
    append: async (entries, chains) => {
      for (const entry of entries) audit.put(entry.id, entry);
      for (const chain of chains) auditChains.put(chain.serviceId, chain);
    },
    chains: async (owners) => [...new Set(owners)].flatMap((owner) => auditChains.get(owner) ?? []),
    get: async (id) => audit.get(id) ?? null,
    lock: async (id) => audit.get(id) ?? null,
    list: async (filter, limit) => {
      const { serviceIds, ids, types, subjects, userIds, from, to, after, isDescending } = filter;
      const order = isDescending ? -1 : 1;
      const compare = (a: AuditPlace, b: AuditPlace) => order * (isBefore(a, b) ? -1 : 1);
      return audit
        .rows()
        .filter(({ type }) => types !== undefined || type !== 'sso:AuditUpdate')
        .filter(({ serviceId, id, type, subjectId, subject, userId }) =>
          [
            serviceIds?.includes(serviceId) ?? true,
            isIn(ids, id),
            isIn(types, type),
            isIn(subjects, subjectId ?? subject),
            isIn(userIds, userId),
          ].every(Boolean),
        )
        .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
        .filter((entry) => !after || (entry.id !== after.id && compare(after, entry) < 0))
        .sort(compare)
        .slice(0, limit)
        .map(({ createdAt, id }) => ({ createdAt, id }));
    },
    getAll: async (ids) => [...new Set(ids)].flatMap((id) => audit.get(id) ?? []),
    amendments: async (ids) =>
      audit
        .rows()
        .filter(({ type, subjectId }) => type === 'sso:AuditUpdate' && isIn(ids, subjectId))
        .sort((a, b) => a.sequence - b.sequence),
    erase: async (userId) => {
      const owned = keys.rows().flatMap(({ key }) => (key.userId === userId ? [key.id] : []));
      const proven = audit
        .rows()
        .filter((entry) => entry.userId !== userId && isIn(owned, entry.userKeyId));
      for (const entry of audit.rows().filter((entry) => entry.userId === userId)) strip(entry);
      for (const entry of proven) strip(entry);
      return [...new Set(proven.flatMap(({ userKeyId }) => userKeyId ?? []))];
    },
    eraseAgain: async (ids) => {
      for (const entry of audit.rows()) {
        if (OF_DELETIONS.includes(entry.type)) continue;
        if (isIn(ids, entry.userId) || isIn(ids, entry.userKeyId)) strip(entry);
      }
    },
    erased: async (ids) => [
      ...new Set(
        chainOf(null).flatMap(({ type, subjectId }) =>
          type === 'rekey:AuditErase' && subjectId !== null && ids.includes(subjectId)
            ? [subjectId]
            : [],
        ),
      ),
    ],
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

/** What a deletion says of itself. */
const OF_DELETIONS: readonly string[] = ['sso:UserDelete', 'rekey:UserExpire'];

const makesKeys = (type: AuditEntry['type']): boolean =>
  keyMakingTypes.some((each) => each === type);

const isIn = (values: readonly string[] | undefined, value: string | null): boolean =>
  values === undefined || (value !== null && values.includes(value));

const groupOf = ({ endsAt, serviceId, type }: AuditSum): string =>
  JSON.stringify([endsAt, serviceId, type]);
const keyOf = (sum: AuditSum): string => JSON.stringify([groupOf(sum), sum.network]);

const isBefore = (a: AuditPlace, b: AuditPlace): boolean =>
  a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt;
