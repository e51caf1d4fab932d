import type { Actor, Id, IdPage, WebhookDelivery, WebhookDeliveryState } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findWebhook } from '../shared/find-webhook.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows what became of the events that a webhook was to be called with, for as long as the events are kept. */
export class ListWebhookDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign webhooks alike. */
  async execute(
    actor: Actor,
    {
      id,
      state = null,
      page,
    }: { readonly id: Id; readonly state?: WebhookDeliveryState | null; readonly page: IdPage },
  ): Promise<WebhookDelivery[]> {
    return this.#ports.database.read(async (stores) => {
      await findWebhook(stores, actor, id);
      return stores.webhookDeliveries.list(id, state, page);
    });
  }
}
