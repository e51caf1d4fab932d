import { type Actor, type Id, SECOND_MS, TooManyRequests, type WebhookAnswer } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findWebhook, lockWebhook } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';
import { secretsOf } from './secrets-of.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'webhookCaller' | 'macs' | 'clock' | 'ids'>;

/** The type of the message of a test. No event has it. */
export const TEST_TYPE = 'webhook.test';

/** A request waits for the answer, and no request may take longer than 15 s. */
const LONGEST_MS = 5 * SECOND_MS;
const LIMIT = { name: 'webhook_test', quota: 1, windowMs: LONGEST_MS };

/** Calls a webhook with a test, whether it is enabled or not, and tells what was answered. */
export class TestWebhook {
  readonly #ports: Needs;
  /** The webhooks that are being tested: one that hangs does not take more than one request of its service. */
  readonly #underWay = new Set<Id>();

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign webhooks alike, and `TooManyRequests` while another test of the webhook is
   * under way.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<WebhookAnswer> {
    const { database, webhookCaller, clock, ids } = this.#ports;
    await database.read((stores) => findWebhook(stores, actor, id));
    if (this.#underWay.has(id)) throw new TooManyRequests(LIMIT, LONGEST_MS / SECOND_MS);
    this.#underWay.add(id);
    try {
      const kept = await database.transact(async (stores) => {
        const found = await lockWebhook(stores, actor, id);
        const { serviceId } = found.webhook;
        const entry = { type: 'rekey:WebhookTest', serviceId, subjectId: id } as const;
        await record(this.#ports, stores, actor, entry);
        return found;
      });
      const { url, serviceId } = kept.webhook;
      const createdAt = clock.now();
      const call = {
        url,
        secrets: secretsOf(this.#ports, kept),
        message: {
          id: ids.next(),
          type: TEST_TYPE,
          createdAt,
          serviceId,
          userId: null,
          subjectId: id,
          data: {},
        },
      };
      const answer = await webhookCaller.call(call, AbortSignal.timeout(LONGEST_MS));
      return answer ?? { failure: 'timeout', status: null, durationMs: LONGEST_MS };
    } finally {
      this.#underWay.delete(id);
    }
  }
}
