import {
  type Actor,
  type Id,
  parseAll,
  parseDescription,
  parseEventTypes,
  parseWebhookUrl,
  type Webhook,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { diffOf } from '../shared/diff.ts';
import { checkHost, findWebhook, lockWebhook } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'webhookCaller' | 'macs' | 'clock' | 'ids'>;

export type UpdateWebhookInput = {
  readonly id: Id;
  readonly url?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly isEnabled?: boolean | undefined;
};

/**
 * Changes what is given of a webhook. One that is enabled again goes on where it stopped: it is called with all that it
 * missed, as far as that is kept.
 */
export class UpdateWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign webhooks alike, and `IllegalArgument` for a URL that may not be called. */
  async execute(actor: Actor, { id, isEnabled, ...input }: UpdateWebhookInput): Promise<Webhook> {
    const { database, clock } = this.#ports;
    const { url, types, description } = input;
    const given = parseAll({
      ...(url !== undefined && { url: () => parseWebhookUrl(url) }),
      ...(types !== undefined && { types: () => parseEventTypes(types) }),
      ...(description !== undefined && { description: () => parseDescription(description) }),
    });

    if (url !== undefined) {
      await database.read((stores) => findWebhook(stores, actor, id));
      await checkHost(this.#ports, url);
    }

    const now = clock.now();
    return database.transact(async (stores) => {
      const { webhook: before } = await lockWebhook(stores, actor, id);
      const enabled = isEnabled ?? before.isEnabled;
      const disabledAt = enabled ? null : (before.disabledAt ?? now);
      const after: Webhook = {
        ...before,
        ...given,
        isEnabled: enabled,
        disabledAt,
        updatedAt: now,
      };
      if (diffOf(before, after) === null) return before;
      await stores.webhooks.update(after);
      if (enabled && !before.isEnabled) await stores.webhookDeliveries.restart(id, now);
      // A URL may hold a secret: the audit has no more of it than that it is another one.
      const shown = { ...after, url: after.url === before.url ? '' : 'another one' };
      const entry = {
        type: 'rekey:WebhookUpdate',
        serviceId: before.serviceId,
        subjectId: id,
        data: diffOf({ ...before, url: '' }, shown),
      } as const;
      await record(this.#ports, stores, actor, entry);
      return after;
    });
  }
}
