import type { Id, Instant, Webhook } from '@rekey/domain';
import type { Webhooks } from '../../src/ports/index.ts';
import { events } from './events.ts';
import { pageOf } from './page.ts';
import type { Tables, WebhookRow } from './tables.ts';
import { webhookDeliveries } from './webhook-deliveries.ts';

export function webhooks(tables: Tables): Webhooks {
  const { webhooks, services } = tables;
  const present = (id: Id) => {
    const row = webhooks.get(id);
    return row && !row.isDeleted ? row : null;
  };
  const all = () => webhooks.rows().filter(({ isDeleted }) => !isDeleted);
  const change = (id: Id, make: (row: WebhookRow) => Partial<WebhookRow>) => {
    const row = present(id);
    if (row) webhooks.put(id, { ...row, ...make(row) });
  };
  const changeWebhook = (id: Id, changes: Partial<Webhook>) =>
    change(id, ({ kept }) => ({ kept: { ...kept, webhook: { ...kept.webhook, ...changes } } }));
  const isBehind = async (row: WebhookRow) => {
    const { webhook, places } = row.kept;
    if (places.replay !== null) return true;
    return (await events(tables).follow(webhook.serviceId, places.after, 1)).length > 0;
  };
  const withWork = async (now: Instant): Promise<WebhookRow[]> => {
    const found: WebhookRow[] = [];
    for (const row of all()) {
      const { webhook } = row.kept;
      if (!webhook.isEnabled || row.leasedUntil > now) continue;
      if (!services.get(webhook.serviceId)?.isEnabled) continue;
      const isDue = await webhookDeliveries(tables).isDue(webhook.id, now, []);
      if (isDue || (await isBehind(row))) found.push(row);
    }
    return found;
  };
  const remove = (id: Id, updatedAt: Instant) => {
    changeWebhook(id, { url: '', isEnabled: false, updatedAt });
    change(id, ({ kept }) => ({
      isDeleted: true,
      kept: { ...kept, sealedSecret: '', previousSecret: null },
    }));
  };

  return {
    insert: async (webhook, sealedSecret, after) => {
      const places = { after, replay: null };
      const kept = { webhook, sealedSecret, previousSecret: null, places };
      webhooks.put(webhook.id, { kept, lease: 0, leasedUntil: 0, isDeleted: false });
    },
    get: async (id) => present(id)?.kept.webhook ?? null,
    lock: async (id) => present(id)?.kept ?? null,
    list: async ({ serviceIds }, page) =>
      pageOf(
        all()
          .map(({ kept }) => kept.webhook)
          .filter(({ serviceId }) => serviceIds?.includes(serviceId) ?? true),
        page,
      ),
    countOf: async (serviceId) =>
      all().filter(({ kept }) => kept.webhook.serviceId === serviceId).length,
    update: async ({ id, url, types, description, isEnabled, disabledAt, updatedAt }) =>
      changeWebhook(id, { url, types, description, isEnabled, disabledAt, updatedAt }),
    rotate: async (id, sealedSecret, overlapEndsAt, updatedAt) => {
      changeWebhook(id, { overlapEndsAt, updatedAt });
      change(id, ({ kept }) => ({
        kept: { ...kept, sealedSecret, previousSecret: kept.sealedSecret },
      }));
    },
    replay: async (id, replay) =>
      change(id, ({ kept }) => ({ kept: { ...kept, places: { ...kept.places, replay } } })),
    delete: async (id, now) => remove(id, now),
    deleteAllOf: async (serviceId, now) => {
      for (const { kept } of all()) {
        if (kept.webhook.serviceId === serviceId) remove(kept.webhook.id, now);
      }
    },
    withWork: async (now, limit) =>
      (await withWork(now)).slice(0, limit).map(({ kept }) => kept.webhook.id),
    lease: async (ids, now, leasedUntil) =>
      ids.flatMap((id) => {
        const row = present(id);
        if (!row || row.leasedUntil > now) return [];
        const number = row.lease + 1;
        webhooks.put(id, { ...row, lease: number, leasedUntil });
        return [{ id, number }];
      }),
    hold: async ({ id, number }, leasedUntil) => {
      const row = present(id);
      if (row?.lease !== number || !row.kept.webhook.isEnabled) return null;
      webhooks.put(id, { ...row, leasedUntil });
      return row.kept;
    },
    release: async ({ id }) => change(id, () => ({ leasedUntil: 0 })),
    isBehind: async (id) => {
      const row = present(id);
      return row !== null && isBehind(row);
    },
    move: async (id, places) => change(id, ({ kept }) => ({ kept: { ...kept, places } })),
    prune: async (limit) => {
      const isOwed = (id: Id) =>
        tables.webhookDeliveries.find(({ webhookId }) => webhookId === id) !== undefined;
      const over = webhooks
        .entries()
        .filter(([id, { isDeleted }]) => isDeleted && !isOwed(id))
        .slice(0, limit);
      for (const [id] of over) webhooks.delete(id);
      return over.length;
    },
    countDisabled: async () => all().filter(({ kept }) => !kept.webhook.isEnabled).length,
  };
}
