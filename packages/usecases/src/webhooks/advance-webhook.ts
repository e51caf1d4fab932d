import { type Actor, GONE, type Id, nextCall } from '@rekey/domain';
import type { KeptWebhook, Ports, Stores, WebhookLease, WebhookPlaces } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import type { CalledWebhook, OutgoingCall } from './call-webhook.ts';
import { LEASE_MS } from './lease-webhooks.ts';
import { secretsOf } from './secrets-of.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

export type AdvanceWebhookInput = {
  readonly lease: WebhookLease;
  /** The calls that were made since, to be marked. */
  readonly done: readonly CalledWebhook[];
  /** The events whose calls are under way. */
  readonly underWay: readonly Id[];
  /** So many calls can be made now: with events that the webhook was not called with yet, and with such that failed. */
  readonly room: { readonly first: number; readonly repeated: number };
};

export type Advanced = {
  readonly calls: readonly OutgoingCall[];
  /** Whether the lease goes on: it does while there are calls. */
  readonly isHeld: boolean;
  /** Whether the webhook is disabled now, because an event failed for too long or the receiver is gone. */
  readonly isDisabled: boolean;
};

/** WebhookPlaces that one transaction looks at. */
const PLACES = 500;

/**
 * Goes on with a webhook that is leased, in one transaction: marks the calls that were made, owes it the next events of its
 * service, and answers the calls to be made next. Ends the lease where nothing is left to do.
 */
export class AdvanceWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Marks nothing, and answers no call, where the lease is somebody else's by now, or the webhook was disabled or deleted.
   * Throws `Unavailable` where the database does not answer: nothing is marked then.
   */
  async execute(actor: Actor, input: AdvanceWebhookInput): Promise<Advanced> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const now = clock.now();
    const { lease, done, underWay, room } = input;
    // A look writes nothing, where calls are under way and there is nothing to do beside them.
    const isIdle = done.length === 0 && underWay.length > 0;
    if (isIdle && !(await database.read((stores) => hasMore(stores, lease.id, underWay, now)))) {
      return { calls: [], isHeld: true, isDisabled: false };
    }

    return database.transact(async (stores) => {
      const { webhooks, webhookDeliveries } = stores;
      const kept = await webhooks.hold(lease, now + LEASE_MS);
      if (kept === null) return over;
      const isGivenUp = await mark(stores, done, now);
      if (isGivenUp) {
        await this.#disable(stores, actor, kept, now);
        return { ...over, isDisabled: true };
      }
      await oweNext(stores, kept, now);
      const owed = await webhookDeliveries.due(lease.id, now, underWay, room);
      const isHeld = owed.length > 0 || underWay.length > 0;
      if (!isHeld) await webhooks.release(lease);
      if (owed.length === 0) return { calls: [], isHeld, isDisabled: false };
      const { id: webhookId, url } = kept.webhook;
      const secrets = secretsOf(this.#ports, kept);
      const calls = owed.map((call) => ({ ...call, webhookId, url, secrets }));
      return { calls, isHeld, isDisabled: false };
    });
  }

  async #disable(stores: Stores, actor: Actor, { webhook }: KeptWebhook, now: number) {
    const { id: subjectId, serviceId } = webhook;
    await stores.webhooks.update({
      ...webhook,
      isEnabled: false,
      disabledAt: now,
      updatedAt: now,
    });
    const of = { serviceId, subjectId };
    await tell(this.#ports, stores, { ...of, type: 'webhook.disabled', userId: null });
    await record(this.#ports, stores, actor, { ...of, type: 'rekey:WebhookDisable' });
  }
}

const over: Advanced = { calls: [], isHeld: false, isDisabled: false };

async function hasMore(
  { webhooks, webhookDeliveries }: Stores,
  id: Id,
  underWay: readonly Id[],
  now: number,
): Promise<boolean> {
  if (await webhookDeliveries.isDue(id, now, underWay)) return true;
  return webhooks.isBehind(id);
}

/** Marks calls, and answers whether one of them ends the webhook. */
async function mark(
  { webhookDeliveries }: Pick<Stores, 'webhookDeliveries'>,
  done: readonly CalledWebhook[],
  now: number,
): Promise<boolean> {
  let isGivenUp = false;
  for (const { webhookId, event, failingSince: since, answer } of done) {
    const called = { webhookId, eventId: event.id };
    if (answer.failure === null) {
      await webhookDeliveries.markDelivered(called, answer, now);
      continue;
    }
    const failingSince = since ?? now;
    const dueAt = nextCall(now, failingSince);
    isGivenUp ||= dueAt === null || answer.status === GONE;
    await webhookDeliveries.putOff(called, answer, { dueAt: dueAt ?? now, failingSince });
  }
  return isGivenUp;
}

/** Owes a webhook the next events of its service, and of a replay. */
async function oweNext(
  { webhooks, webhookDeliveries }: Pick<Stores, 'webhooks' | 'webhookDeliveries'>,
  { webhook, places }: KeptWebhook,
  now: number,
): Promise<void> {
  const { id, serviceId, types } = webhook;
  const owe = (range: { readonly after: number }) =>
    webhookDeliveries.owe(id, { serviceId, types, ...range }, now, PLACES);
  const after = (await owe({ after: places.after })) ?? places.after;
  let replay: WebhookPlaces['replay'] = places.replay;
  if (replay !== null) {
    const reached = await owe(replay);
    replay = reached === null ? null : { ...replay, after: reached };
  }
  if (after !== places.after || replay !== places.replay) {
    await webhooks.move(id, { after, replay });
  }
}
