import type { Delivery, DeliveryState, Id, Instant, OneTimeToken, Service } from '@rekey/domain';

/** The mails that committed changes owe to people outside. */
export interface Deliveries {
  /** Owes a delivery, due at once. One to nobody is closed from the start: it is neither made nor listed. */
  insert(delivery: Delivery, as?: { readonly isClosed: boolean }): Promise<void>;
  get(id: Id): Promise<Delivery | null>;
  /**
   * Up to `limit` deliveries that wait, to the recipient domains after `domain` in the order of their names, and for each
   * domain in the order in which they are due, now or later. Those of the users in `without` are passed over.
   */
  waiting(
    attempts: Attempts,
    domain: string,
    without: readonly Id[],
    limit: number,
  ): Promise<Waiting[]>;
  /** Up to `limit` deliveries that are put off, or leased, beyond `tooFar`: a clock that was wrong did that. */
  stray(tooFar: Instant, limit: number): Promise<Waiting[]>;
  /**
   * Leases those of the deliveries that are due by `now`, or stray beyond `tooFar`, and that nobody else is leasing:
   * nobody else gets them before `until`.
   */
  lease(ids: readonly Id[], now: Instant, tooFar: Instant, until: Instant): Promise<Owed[]>;
  /**
   * Closes a claim: the delivery is sent. Answers false, and changes nothing, where somebody else claimed it since. A
   * delivery of a deleted account is deleted then, and nothing personal is left of its right; a registration stays.
   */
  markSent(claim: Claim, now: Instant): Promise<boolean>;
  /** Closes a claim, and puts the delivery off until `at`; answers like `markSent`. */
  putOff(claim: Claim, at: Instant, reason: string): Promise<boolean>;
  /**
   * Closes a claim, and gives the delivery up: it is dead until somebody requeues it. Answers and deletes like
   * `markSent`.
   */
  giveUp(claim: Claim, now: Instant, reason: string): Promise<boolean>;
  /** Up to `limit` deliveries in that state, or in any: those that were owed last first. */
  list(state: DeliveryState | null, limit: number): Promise<ListedDelivery[]>;
  /** How many deliveries wait and how many are dead, and since when the first of those that wait is owed, and due. */
  backlog(): Promise<Backlog>;
  /** Makes a dead delivery due at once, only if its deadline is after `now`; answers whether it did. */
  requeue(id: Id, now: Instant): Promise<boolean>;
  /**
   * Requeues a dead delivery like `requeue`, to another address, which the right that it carries has from then on. The
   * right counts as one that was mailed at `now`.
   */
  redirect(id: Id, to: string, now: Instant): Promise<boolean>;
  /** Requeues up to `limit` deliveries that were dead by `now`, if their deadline is after it; answers them. */
  requeueDead(now: Instant, limit: number): Promise<Delivery[]>;
  /** Up to `limit` deliveries of a user by their ids, from the one after that id, in whatever state. */
  ofUser(userId: Id, after: Id | '', limit: number): Promise<OwnDelivery[]>;
  /**
   * Deletes up to `limit` deliveries of deleted accounts and of registrations whose deadline is before the instant, and
   * leaves nothing personal of their rights; answers how many.
   */
  pruneOrphans(before: Instant, limit: number): Promise<number>;
}

/** Whether a delivery was leased before. */
export type Attempts = 'first' | 'repeated';

/** A delivery that is neither sent nor dead. */
export type Waiting = {
  readonly id: Id;
  readonly userId: Id | null;
  /** Of the recipient. */
  readonly domain: string;
  readonly attempts: Attempts;
  readonly dueAt: Instant;
};

export type Claim = {
  readonly id: Id;
  /** How often the delivery was claimed, this time included. */
  readonly attempt: number;
};

/** A delivery that was claimed, with all that it takes to make it. */
export type Owed = {
  readonly delivery: Delivery;
  readonly attempt: number;
  readonly token: Omit<OneTimeToken, 'userId'>;
  readonly service: Service;
};

/** A delivery as an operator sees it: whom it is for and what became of it, without what it says. */
export type ListedDelivery = Pick<
  Delivery,
  'id' | 'createdAt' | 'channel' | 'kind' | 'to' | 'deadline'
> & {
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is, or was, due. */
  readonly dueAt: Instant;
  /** When it was sent or given up. */
  readonly closedAt: Instant | null;
  /** Why the last attempt that failed did. */
  readonly reason: string | null;
};

/** A delivery with the right that it carries, as far as the person may know who it is for. */
export type OwnDelivery = ListedDelivery & {
  readonly serviceId: Id;
  readonly linkExpiresAt: Instant;
  /** When the right was used, or ended with another one. */
  readonly linkSpentAt: Instant | null;
};

/** Both instants are null where nothing waits. */
export type Backlog = {
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest delivery that waits was owed. */
  readonly oldestAt: Instant | null;
  /** When the first delivery that waits is, or was, due: a lease or a failure puts it off. */
  readonly firstDueAt: Instant | null;
};
