import type { Id, IdPage, Instant, Webhook } from '@rekey/domain';

/** A webhook that is deleted is not there any more. */
export interface Webhooks {
  /** Adds a webhook that is owed the events of its service after a place. */
  insert(webhook: Webhook, sealedSecret: string, after: number): Promise<void>;
  get(id: Id): Promise<Webhook | null>;
  /** Finds a webhook, and locks the row: every other change of it, and every call's mark, waits until the transaction ends. */
  lock(id: Id): Promise<KeptWebhook | null>;
  /** A page of the webhooks of those services, or of all, by their ids. */
  list(
    filter: { readonly serviceIds?: readonly Id[] | undefined },
    page: IdPage,
  ): Promise<Webhook[]>;
  /** How many webhooks a service has. */
  countOf(serviceId: Id): Promise<number>;
  /** Changes a webhook that is locked to what it is here; its service, its secrets and its places stay. */
  update(webhook: Webhook): Promise<void>;
  /** Gives a webhook another secret. The one until now is kept beside it, and one from before is gone. */
  rotate(id: Id, sealedSecret: string, overlapEndsAt: Instant, now: Instant): Promise<void>;
  /** Has a webhook called again with events. */
  replay(id: Id, replay: Replay): Promise<void>;
  /** Deletes a webhook: its URL and its secrets are gone at once, and its deliveries when they are pruned. */
  delete(id: Id, now: Instant): Promise<void>;
  /** Deletes all webhooks of a service like `delete`. */
  deleteAllOf(serviceId: Id, now: Instant): Promise<void>;
  /**
   * Up to `limit` webhooks that nobody leases, and that there is something to do for by `now`: an event of the service to be
   * owed, or a call that is due. There is nothing for one that is disabled, nor for one of a service that is.
   */
  withWork(now: Instant, limit: number): Promise<Id[]>;
  /** Leases those of the webhooks that nobody leases now: nobody else gets them before `until`. */
  lease(ids: readonly Id[], now: Instant, until: Instant): Promise<WebhookLease[]>;
  /**
   * Prolongs a lease, and locks the webhook like `lock`; null where somebody else leased it since, or it was disabled or
   * deleted.
   */
  hold(lease: WebhookLease, until: Instant): Promise<KeptWebhook | null>;
  /** Ends a lease that is held: the webhook can be leased at once. */
  release(lease: WebhookLease): Promise<void>;
  /** Whether there are events of its service, or of a replay, that a webhook is not owed yet. */
  isBehind(id: Id): Promise<boolean>;
  /** Notes up to which places a webhook that is locked is owed its events. */
  move(id: Id, places: WebhookPlaces): Promise<void>;
  /** Deletes up to `limit` webhooks that were deleted and have no delivery any more; answers how many. */
  prune(limit: number): Promise<number>;
  /** How many webhooks are disabled. */
  countDisabled(): Promise<number>;
}

export type WebhookLease = {
  readonly id: Id;
  /** Which of the leases of the webhook it is: a number that rises. */
  readonly number: number;
};

/** A webhook with all that it takes to call it. */
export type KeptWebhook = {
  readonly webhook: Webhook;
  readonly sealedSecret: string;
  /** The one before the last rotation. */
  readonly previousSecret: string | null;
  readonly places: WebhookPlaces;
};

/** Up to where a webhook is owed events. */
export type WebhookPlaces = {
  /** The place of the last event of the service that was looked at. */
  readonly after: number;
  /** Null where none is under way. */
  readonly replay: Replay | null;
};

/** Events that a webhook is to be called with again. */
export type Replay = {
  /** The place after which the next one is. */
  readonly after: number;
  /** The place of the last one. */
  readonly until: number;
  /** When the events happened: not before, and not after. */
  readonly from: Instant;
  readonly to: Instant;
};
