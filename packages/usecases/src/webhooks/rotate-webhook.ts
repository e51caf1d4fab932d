import { type Actor, type Id, WEBHOOK_OVERLAP_MS, type Webhook } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { lockWebhook } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';
import { sealOwners } from '../shared/seals.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

/**
 * Gives a webhook another secret, and shows it, once. For a day calls have the signature of the secret until now as well.
 * A secret from an earlier rotation signs no more.
 */
export class RotateWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign webhooks alike. */
  async execute(
    actor: Actor,
    { id }: { readonly id: Id },
  ): Promise<{ webhook: Webhook; secret: string }> {
    const { database, secrets, clock } = this.#ports;
    const secret = secrets.generateWebhookSecret();
    const sealed = secrets.seal(secret, sealOwners.webhook(id));
    return database.transact(async (stores) => {
      const { webhook } = await lockWebhook(stores, actor, id);
      const now = clock.now();
      const overlapEndsAt = now + WEBHOOK_OVERLAP_MS;
      await stores.webhooks.rotate(id, sealed, overlapEndsAt, now);
      const { serviceId } = webhook;
      const entry = { type: 'rekey:WebhookRotate', serviceId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return { webhook: { ...webhook, overlapEndsAt, updatedAt: now }, secret };
    });
  }
}
