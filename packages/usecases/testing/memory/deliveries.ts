import { domainOf, type Id, type Instant, isOfRegistration } from '@rekey/domain';
import type { Claim, Deliveries, ListedDelivery, Owed, Waiting } from '../../src/ports/index.ts';
import { type DeliveryRow, isClosed, NOBODY, type Tables } from './tables.ts';

export function deliveries(tables: Tables): Deliveries {
  const { deliveries, oneTimeTokens } = tables;
  const waiting = (): Waiting[] =>
    deliveries
      .rows()
      .filter((row) => !isClosed(row))
      .map(({ delivery: { id, userId, to }, attempts, dueAt }): Waiting => {
        const domain = domainOf(to);
        return { id, userId, domain, attempts: attempts === 0 ? 'first' : 'repeated', dueAt };
      })
      .sort((a, b) => a.dueAt - b.dueAt);

  /** Changes a delivery while the claim on it is the latest. */
  const close = ({ id, attempt }: Claim, change: Partial<DeliveryRow>): boolean => {
    const row = deliveries.get(id);
    if (row?.attempts !== attempt || isClosed(row)) return false;
    const changed = { ...row, ...change };
    deliveries.put(id, changed);
    const isOrphan = row.delivery.userId === null && !isOfRegistration(row.delivery);
    if (isOrphan && isClosed(changed)) clear(row);
    return true;
  };

  /** Leaves nothing of a delivery of nobody. */
  const clear = ({ delivery: { id, tokenId } }: DeliveryRow) => {
    deliveries.delete(id);
    const right = oneTimeTokens.get(tokenId);
    if (right) oneTimeTokens.put(tokenId, { ...right, token: { ...right.token, ...NOBODY } });
  };

  const requeue = (id: Id, now: Instant): boolean => {
    const row = deliveries.get(id);
    if (!row || row.deadAt === null || row.delivery.deadline <= now) return false;
    deliveries.put(id, { ...row, deadAt: null, dueAt: now });
    return true;
  };

  const owed = ({ delivery, attempts }: DeliveryRow): Owed => {
    const token = oneTimeTokens.get(delivery.tokenId)?.token;
    const service = tables.services.get(delivery.serviceId);
    if (!token || !service) throw new Error('a delivery has all that it is about');
    return { delivery, attempt: attempts, token, service };
  };

  return {
    insert: async (delivery, as = { isClosed: false }) =>
      deliveries.put(delivery.id, {
        delivery,
        attempts: 0,
        dueAt: delivery.createdAt,
        sentAt: as.isClosed ? delivery.createdAt : null,
        deadAt: null,
        reason: null,
      }),
    get: async (id) => deliveries.get(id)?.delivery ?? null,
    waiting: async (attempts, domain, without, limit) =>
      waiting()
        .filter((each) => each.attempts === attempts && each.domain > domain)
        .filter(({ userId }) => userId === null || !without.includes(userId))
        .sort((a, b) => (a.domain === b.domain ? 0 : a.domain < b.domain ? -1 : 1))
        .slice(0, limit),
    stray: async (tooFar, limit) =>
      waiting()
        .filter(({ dueAt }) => dueAt > tooFar)
        .slice(0, limit),
    lease: async (ids, now, tooFar, until) =>
      ids.flatMap((id) => {
        const row = deliveries.get(id);
        const isFree = row && !isClosed(row) && (row.dueAt <= now || row.dueAt > tooFar);
        if (!isFree) return [];
        const leased = { ...row, attempts: row.attempts + 1, dueAt: until };
        deliveries.put(id, leased);
        return [owed(leased)];
      }),
    markSent: async (claim, now) => close(claim, { sentAt: now }),
    putOff: async (claim, at, reason) => close(claim, { dueAt: at, reason }),
    giveUp: async (claim, now, reason) => close(claim, { deadAt: now, reason }),
    list: async (state, limit) =>
      deliveries
        .rows()
        .map(listed)
        .filter(({ to }) => to !== '')
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
    redirect: async (id, to, now) => {
      if (!requeue(id, now)) return false;
      const row = deliveries.get(id)!;
      deliveries.put(id, { ...row, delivery: { ...row.delivery, to } });
      const right = oneTimeTokens.get(row.delivery.tokenId)!;
      const token = { ...right.token, email: to };
      oneTimeTokens.put(token.id, { ...right, token, readdressedAt: now });
      return true;
    },
    requeueDead: async (now, limit) =>
      deliveries
        .rows()
        .filter(({ deadAt, delivery }) => (deadAt ?? now + 1) <= now && delivery.deadline > now)
        .slice(0, limit)
        .map(({ delivery }) => {
          requeue(delivery.id, now);
          return delivery;
        }),
    ofUser: async (userId, after, limit) =>
      deliveries
        .rows()
        .filter(({ delivery }) => delivery.userId === userId && delivery.id > after)
        .map((row) => {
          const right = oneTimeTokens.get(row.delivery.tokenId);
          if (!right) throw new Error('a delivery has its right');
          const { serviceId } = row.delivery;
          const [linkExpiresAt, linkSpentAt] = [right.token.expiresAt, right.spentAt];
          return { ...listed(row), serviceId, linkExpiresAt, linkSpentAt };
        })
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    pruneOrphans: async (before, limit) => {
      const orphans = deliveries
        .rows()
        .filter(({ delivery }) => delivery.userId === null && delivery.deadline < before)
        .slice(0, limit);
      for (const orphan of orphans) clear(orphan);
      return orphans.length;
    },
  };
}

function listed(row: DeliveryRow): ListedDelivery {
  const { delivery, attempts, dueAt, sentAt, deadAt, reason } = row;
  const { id, createdAt, channel, kind, to, deadline } = delivery;
  const state = sentAt !== null ? 'sent' : deadAt !== null ? 'dead' : 'waiting';
  const closedAt = sentAt ?? deadAt;
  return { id, createdAt, channel, kind, to, deadline, state, attempts, dueAt, closedAt, reason };
}
