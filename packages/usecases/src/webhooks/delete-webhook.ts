import type { Actor, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { lockWebhook } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Deletes a webhook: it is not called any more, but for a call that is under way. */
export class DeleteWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign webhooks alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    await this.#ports.database.transact(async (stores) => {
      const { webhook } = await lockWebhook(stores, actor, id);
      await stores.webhooks.delete(id, this.#ports.clock.now());
      const { serviceId } = webhook;
      const entry = { type: 'rekey:WebhookDelete', serviceId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
    });
  }
}
