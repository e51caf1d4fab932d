import type {
  Event,
  EventType,
  Id,
  IdPage,
  Instant,
  WebhookAnswer,
  WebhookDelivery,
  WebhookDeliveryState,
} from '@rekey/domain';

/** The events that webhooks are owed, and what became of them: a row for each event and webhook. */
export interface WebhookDeliveries {
  /**
   * Owes a webhook the events of a range that it takes, of the next `limit` places. Answers the last place that was looked
   * at; null where the range has no more. An event that it was owed before is owed anew. The first of each user is due at
   * once, and the others once those before them are delivered.
   */
  owe(webhookId: Id, range: EventRange, now: Instant, limit: number): Promise<number | null>;
  /**
   * The events that a webhook is to be called with by `now`, but for those in `without`: so many that it was not called
   * with yet, and so many that failed. No event is among them while an earlier one of its user is not delivered.
   */
  due(
    webhookId: Id,
    now: Instant,
    without: readonly Id[],
    limits: { readonly first: number; readonly repeated: number },
  ): Promise<OwedCall[]>;
  /** Whether `due` would answer anything now, were all limits wide. */
  isDue(webhookId: Id, now: Instant, without: readonly Id[]): Promise<boolean>;
  /** Marks an event that is owed as delivered. The next one of its user is due at once. */
  markDelivered(of: Called, answer: WebhookAnswer, now: Instant): Promise<void>;
  /** Puts an event that is owed off until `dueAt`; it has been failing since then. */
  putOff(
    of: Called,
    answer: WebhookAnswer,
    to: { readonly dueAt: Instant; readonly failingSince: Instant },
  ): Promise<void>;
  /** Begins anew with all that a webhook is owed: what failed is due at once, as if it had not been failing. */
  restart(webhookId: Id, now: Instant): Promise<void>;
  /** A page of the deliveries of a webhook, in one state or in any, by the ids of their events. */
  list(webhookId: Id, state: WebhookDeliveryState | null, page: IdPage): Promise<WebhookDelivery[]>;
  /** Deletes up to `limit` deliveries of events from before the instant, and of deleted webhooks; answers how many. */
  prune(before: Instant, limit: number): Promise<number>;
  /** The deliveries that enabled webhooks are owed: how many failed and are tried again, and since when the oldest fails. */
  backlog(): Promise<WebhookBacklog>;
}

/** Events of a service in a row. */
export type EventRange = {
  readonly serviceId: Id;
  /** Empty for all. */
  readonly types: readonly EventType[];
  /** A place: the range begins with the next one. */
  readonly after: number;
  /** Nothing beyond that place. */
  readonly until?: number | undefined;
  /** Nothing that happened before, or after. */
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
};

export type Called = { readonly webhookId: Id; readonly eventId: Id };

/** An event that a webhook is to be called with. */
export type OwedCall = {
  readonly event: Event;
  /** Since when calls with it fail; null where none failed. */
  readonly failingSince: Instant | null;
};

export type WebhookBacklog = {
  readonly failing: number;
  /** Null where nothing fails. */
  readonly failingSince: Instant | null;
};
