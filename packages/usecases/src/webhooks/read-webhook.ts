import type { Actor, Id, Webhook } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findWebhook } from '../shared/find-webhook.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a service its own webhooks, and any webhook to the operator; never a secret. */
export class ReadWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign webhooks alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<Webhook> {
    return this.#ports.database.read((stores) => findWebhook(stores, actor, id));
  }
}
