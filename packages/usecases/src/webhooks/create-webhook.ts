import {
  type Actor,
  Forbidden,
  type Id,
  IllegalArgument,
  MAX_WEBHOOKS,
  may,
  parseAll,
  parseDescription,
  parseEventTypes,
  parseWebhookUrl,
  Unauthorized,
  type Webhook,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { checkHost } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';
import { sealOwners } from '../shared/seals.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'webhookCaller' | 'macs' | 'clock' | 'ids'>;

export type CreateWebhookInput = {
  readonly url: string;
  /** All unless given. */
  readonly types?: readonly string[] | undefined;
  readonly description?: string | undefined;
  /** The service that asks unless given; named by operators alone. */
  readonly serviceId?: Id | undefined;
};

/** Has an address of a service called with every event from now on, and shows the secret that signs the calls, once. */
export class CreateWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `IllegalArgument` for a URL that may not be called, and where the service has as many webhooks as there may be;
   * `Forbidden` where a service names a service.
   */
  async execute(
    actor: Actor,
    input: CreateWebhookInput,
  ): Promise<{ webhook: Webhook; secret: string }> {
    if (!may(actor, 'create webhook', null)) throw new Unauthorized();
    const isNamed = input.serviceId !== undefined;
    if (isNamed && !may(actor, 'create any webhook', null)) {
      throw new Forbidden('root_key_required');
    }
    const { serviceId, ...given } = parseAll({
      url: () => parseWebhookUrl(input.url),
      types: () => parseEventTypes(input.types ?? []),
      description: () => parseDescription(input.description ?? ''),
      serviceId: () => ownerOf(actor, input),
    });

    await checkHost(this.#ports, given.url);

    const { database, secrets, clock, ids } = this.#ports;
    const now = clock.now();
    const webhook: Webhook = {
      id: ids.next(),
      createdAt: now,
      updatedAt: now,
      serviceId,
      ...given,
      isEnabled: true,
      disabledAt: null,
      overlapEndsAt: null,
    };
    const secret = secrets.generateWebhookSecret();
    const sealed = secrets.seal(secret, sealOwners.webhook(webhook.id));
    await database.transact(async (stores) => {
      // Locked, so that no two webhooks take the last place.
      if ((await stores.services.lock(serviceId)) === null) {
        throw refused('serviceId', 'is not the id of a service', 'unknown');
      }
      if ((await stores.webhooks.countOf(serviceId)) >= MAX_WEBHOOKS) {
        const message = `is one more than the ${MAX_WEBHOOKS} webhooks that a service may have`;
        throw refused('url', message, 'out_of_range');
      }
      const { last } = await stores.events.bounds(serviceId);
      await stores.webhooks.insert(webhook, sealed, last);
      const entry = { type: 'rekey:WebhookCreate', serviceId, subjectId: webhook.id } as const;
      await record(this.#ports, stores, actor, entry);
    });
    return { webhook, secret };
  }
}

function ownerOf(actor: Actor, { serviceId }: CreateWebhookInput): Id {
  const id = actor.kind === 'service' ? actor.service.id : serviceId;
  if (id === undefined) throw refused('serviceId', 'is required', 'required');
  return id;
}

const refused = (field: string, message: string, code: 'required' | 'unknown' | 'out_of_range') =>
  new IllegalArgument([{ field, message, code }]);
