import type { Actor } from '@rekey/domain';
import type { Ports, WebhookBacklog } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

export type WebhookCounts = WebhookBacklog & {
  /** Webhooks that are disabled. */
  readonly disabled: number;
};

/** Tells the operator how many calls fail and are tried again, since when, and how many webhooks are disabled. */
export class CountWebhooks {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor): Promise<WebhookCounts> {
    onlyOperator(actor);
    return this.#ports.database.read(async ({ webhooks, webhookDeliveries }) => ({
      ...(await webhookDeliveries.backlog()),
      disabled: await webhooks.countDisabled(),
    }));
  }
}
