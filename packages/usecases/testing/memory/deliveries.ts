import type { Id, Instant } from '@rekey/domain';
import type { Claim, Deliveries, ListedDelivery, Owed } from '../../src/ports/index.ts';
import type { DeliveryRow, Tables } from './tables.ts';

export function deliveries(tables: Tables): Deliveries {
  const { deliveries } = tables;
  const due = (now: Instant, tooFar: Instant) =>
    deliveries
      .rows()
      .filter((row) => !isClosed(row) && (row.dueAt <= now || row.dueAt > tooFar))
      .sort((a, b) => a.dueAt - b.dueAt);

  /** Changes a delivery while the claim on it is the latest. */
  const close = ({ id, attempt }: Claim, change: Partial<DeliveryRow>): boolean => {
    const row = deliveries.get(id);
    if (row?.attempts !== attempt || isClosed(row)) return false;
    deliveries.put(id, { ...row, ...change });
    return true;
  };

  const requeue = (id: Id, now: Instant): boolean => {
    const row = deliveries.get(id);
    if (!row || row.deadAt === null || row.delivery.deadline <= now) return false;
    deliveries.put(id, { ...row, deadAt: null, dueAt: now });
    return true;
  };

  const owed = ({ delivery, attempts }: DeliveryRow): Owed => {
    const token = tables.oneTimeTokens.get(delivery.tokenId)?.token;
    const user = tables.users.get(delivery.userId)?.user;
    const service = tables.services.get(delivery.serviceId);
    if (!token || !user || !service) throw new Error('a delivery has all that it is about');
    return { delivery, attempt: attempts, token, user, service };
  };

  return {
    insert: async (delivery) =>
      deliveries.put(delivery.id, {
        delivery,
        attempts: 0,
        dueAt: delivery.createdAt,
        sentAt: null,
        deadAt: null,
        reason: null,
      }),
    get: async (id) => deliveries.get(id)?.delivery ?? null,
    hasDue: async (now, tooFar) => due(now, tooFar).length > 0,
    claim: async (now, tooFar, until, limit) =>
      due(now, tooFar)
        .slice(0, limit)
        .map((row) => {
          const claimed = { ...row, attempts: row.attempts + 1, dueAt: until };
          deliveries.put(row.delivery.id, claimed);
          return owed(claimed);
        }),
    markSent: async (claim, now) => close(claim, { sentAt: now }),
    putOff: async (claim, at, reason) => close(claim, { dueAt: at, reason }),
    giveUp: async (claim, now, reason) => close(claim, { deadAt: now, reason }),
    list: async (state, limit) =>
      deliveries
        .rows()
        .map(listed)
        .filter((delivery) => state === null || delivery.state === state)
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit),
    backlog: async () => {
      const all = deliveries.rows().map(listed);
      const waiting = all.filter(({ state }) => state === 'waiting');
      const least = (instants: Instant[]) => (instants.length === 0 ? null : Math.min(...instants));
      return {
        waiting: waiting.length,
        dead: all.filter(({ state }) => state === 'dead').length,
        oldestAt: least(waiting.map(({ createdAt }) => createdAt)),
        firstDueAt: least(waiting.map(({ dueAt }) => dueAt)),
      };
    },
    requeue: async (id, now) => requeue(id, now),
    requeueDead: async (now, limit) =>
      deliveries
        .rows()
        .filter(({ deadAt, delivery }) => (deadAt ?? now + 1) <= now && delivery.deadline > now)
        .slice(0, limit)
        .map(({ delivery }) => {
          requeue(delivery.id, now);
          return delivery;
        }),
  };
}

export const isClosed = ({ sentAt, deadAt }: DeliveryRow): boolean =>
  sentAt !== null || deadAt !== null;

function listed(row: DeliveryRow): ListedDelivery {
  const { delivery, attempts, dueAt, sentAt, deadAt, reason } = row;
  const { id, createdAt, channel, kind, to, deadline } = delivery;
  const state = sentAt !== null ? 'sent' : deadAt !== null ? 'dead' : 'waiting';
  const closedAt = sentAt ?? deadAt;
  return { id, createdAt, channel, kind, to, deadline, state, attempts, dueAt, closedAt, reason };
}
