import { type Actor, type Id, type IdPage, may, Unauthorized, type Webhook } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows a service its own webhooks, and all webhooks to the operator, by their ids; never a secret. */
export class ListWebhooks {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    {
      serviceIds: asked,
      page,
    }: { readonly serviceIds?: readonly Id[] | undefined; readonly page: IdPage },
  ): Promise<Webhook[]> {
    const own = actor.kind === 'service' ? actor.service.id : null;
    if (!may(actor, 'see webhook', { serviceId: own })) throw new Unauthorized();
    const serviceIds = own === null ? asked : (asked ?? [own]).filter((id) => id === own);
    return this.#ports.database.read(({ webhooks }) => webhooks.list({ serviceIds }, page));
  }
}
