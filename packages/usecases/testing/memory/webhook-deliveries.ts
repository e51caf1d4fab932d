import type { Id, WebhookDelivery } from '@rekey/domain';
import type { Called, WebhookDeliveries } from '../../src/ports/index.ts';
import { events } from './events.ts';
import { pageOf } from './page.ts';
import type { Tables, WebhookDeliveryRow } from './tables.ts';

export function webhookDeliveries(tables: Tables): WebhookDeliveries {
  const { webhookDeliveries: rows, webhooks } = tables;
  const key = ({ webhookId, eventId }: Called) => `${webhookId} ${eventId}`;
  const put = (row: WebhookDeliveryRow, changes: Partial<WebhookDeliveryRow>) =>
    rows.put(key(row), { ...row, ...changes });
  const get = (of: Called) => {
    const row = rows.get(key(of));
    if (!row) throw new Error('a call is about an event that is owed');
    return row;
  };
  const owedTo = (webhookId: Id) =>
    rows
      .rows()
      .filter((row) => row.webhookId === webhookId && row.deliveredAt === null)
      .sort((a, b) => a.sequence - b.sequence);
  /** Whether no earlier event of the user is owed. */
  const isNext = ({ webhookId, userId, sequence }: WebhookDeliveryRow) =>
    userId === null ||
    !owedTo(webhookId).some((each) => each.userId === userId && each.sequence < sequence);
  const due = (webhookId: Id, now: number, without: readonly Id[]) =>
    owedTo(webhookId)
      .filter(({ dueAt, eventId }) => dueAt !== null && dueAt <= now && !without.includes(eventId))
      .filter(isNext)
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));

  return {
    owe: async (webhookId, range, now, limit) => {
      const { serviceId, types, after, until = Number.MAX_SAFE_INTEGER, from, to } = range;
      const next = await events(tables).follow(serviceId, after, limit);
      const found = next.filter(({ sequence }) => sequence <= until);
      const taken = found.filter(
        ({ type, createdAt }) =>
          (types.length === 0 || types.includes(type)) &&
          createdAt >= (from ?? createdAt) &&
          createdAt <= (to ?? createdAt),
      );
      const fresh = { attempts: 0, dueAt: null, deliveredAt: null, failingSince: null, last: null };
      const owed = taken.map(({ id: eventId, type, createdAt, userId, sequence }) => {
        const row = { webhookId, eventId, sequence, type, createdAt, userId, ...fresh };
        rows.put(key(row), row);
        return row;
      });
      for (const row of owed) if (isNext(row)) put(row, { dueAt: now });
      return found.at(-1)?.sequence ?? null;
    },
    due: async (webhookId, now, without, { first, repeated }) => {
      const all = due(webhookId, now, without);
      const isFirst = ({ failingSince }: WebhookDeliveryRow) => failingSince === null;
      const picked = [
        ...all.filter(isFirst).slice(0, first),
        ...all.filter((row) => !isFirst(row)).slice(0, repeated),
      ];
      return picked.flatMap(({ eventId, failingSince }) => {
        const event = tables.events.get(eventId);
        return event ? [{ event, failingSince }] : [];
      });
    },
    isDue: async (webhookId, now, without) => due(webhookId, now, without).length > 0,
    markDelivered: async (of, answer, now) => {
      const row = get(of);
      const attempts = row.attempts + 1;
      put(row, { attempts, dueAt: null, deliveredAt: now, failingSince: null, last: answer });
      const next = owedTo(row.webhookId).find(({ userId }) => userId === row.userId);
      if (next && row.userId !== null && next.dueAt === null) put(next, { dueAt: now });
    },
    putOff: async (of, answer, to) => {
      const row = get(of);
      put(row, { ...to, attempts: row.attempts + 1, last: answer });
    },
    restart: async (webhookId, now) => {
      for (const row of owedTo(webhookId)) {
        if (row.failingSince !== null) put(row, { failingSince: null, dueAt: now });
      }
    },
    list: async (webhookId, state, page) =>
      pageOf(
        rows
          .rows()
          .filter((row) => row.webhookId === webhookId)
          .map(asListed)
          .filter((each) => state === null || each.state === state),
        page,
      ),
    prune: async (before, limit) => {
      const over = rows
        .rows()
        .filter((row) => row.createdAt < before || webhooks.get(row.webhookId)?.isDeleted)
        .slice(0, limit);
      for (const row of over) rows.delete(key(row));
      return over.length;
    },
    backlog: async () => {
      const failing = rows.rows().flatMap(({ webhookId, failingSince }) => {
        const isEnabled = webhooks.get(webhookId)?.kept.webhook.isEnabled;
        return isEnabled && failingSince !== null ? [failingSince] : [];
      });
      return {
        failing: failing.length,
        failingSince: failing.length === 0 ? null : Math.min(...failing),
      };
    },
  };
}

const asListed = (row: WebhookDeliveryRow): WebhookDelivery => ({
  id: row.eventId,
  type: row.type,
  createdAt: row.createdAt,
  userId: row.userId,
  state: row.deliveredAt === null ? 'waiting' : 'delivered',
  attempts: row.attempts,
  dueAt: row.dueAt,
  deliveredAt: row.deliveredAt,
  last: row.last,
});
