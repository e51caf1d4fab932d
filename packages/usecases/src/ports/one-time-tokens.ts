import type { Id, Instant, OneTimeToken, Purpose } from '@rekey/domain';

/** The rights that were mailed. Nothing of a token itself is stored. */
export interface OneTimeTokens {
  insert(token: OneTimeToken<Id | null>): Promise<void>;
  /** Finds a right that is unspent and has not expired at `now`. */
  findGood(id: Id, now: Instant): Promise<OneTimeToken<Id | null> | null>;
  /** Finds a right that was spent, by itself or by another one, and would not have expired at `now`. */
  findSpent(
    id: Id,
    now: Instant,
  ): Promise<{ readonly token: OneTimeToken<Id | null>; readonly spentAt: Instant } | null>;
  /** Whether the account of a right was deleted, which would not have expired at `now`. */
  isOfDeleted(id: Id, now: Instant): Promise<boolean>;
  /**
   * Spends a right, only if it is unspent and has not expired at `now`, together with every other right of its user that
   * was mailed to its address, or later, or redirected later; answers the right, or null where it was not spent. Locks the row of the user
   * first: no right is made meanwhile, and two links that are pressed at once do not lock each other out. A right that
   * was mailed to another address before stays good.
   */
  spend(id: Id, now: Instant): Promise<OneTimeToken | null>;
  /**
   * Spends one right alone, only if it is unspent and has not expired at `now`; answers the right, or null where it was
   * not spent. Locks the row of its user first.
   */
  use(id: Id, now: Instant): Promise<OneTimeToken<Id | null> | null>;
  /** Whether a user has a right for one of these purposes that is unspent and has not expired at `now`. */
  haveGood(userId: Id, purposes: readonly Purpose[], now: Instant): Promise<boolean>;
  /** Ends the unspent rights of a user for these purposes. */
  endAll(userId: Id, purposes: readonly Purpose[], now: Instant): Promise<void>;
  /** Ends the unspent rights of a user that were mailed to any other address. */
  endElsewhere(userId: Id, email: string, now: Instant): Promise<void>;
  /** Ends the unspent registrations of an address. */
  endRegistrations(email: string, now: Instant): Promise<void>;
  /**
   * Whether the owner of another account can still take the address back: a right about a change of address that was
   * mailed to it is unspent and has not expired at `now`, or the way back of an account that is locked leads to it.
   */
  isReserved(email: string, now: Instant, exceptFor?: Id): Promise<boolean>;
  /** The user who can still take the address back, see `isReserved`; null where nobody can. */
  reservedFor(email: string, now: Instant): Promise<Id | null>;
  /**
   * The earliest right of a user for one of these purposes that was made after the instant, spent or not. One whose mail
   * was redirected is none: it went to another address than it was made for.
   */
  earliest(userId: Id, purposes: readonly Purpose[], after: Instant): Promise<OneTimeToken | null>;
  /** When the user's `n`th latest right for that purpose was made; null where there are fewer. */
  nthLatest(userId: Id, purpose: Purpose, n: number): Promise<Instant | null>;
  /**
   * Deletes up to `limit` rights that expired before the instant and whose deliveries were sent or given up,
   * and up to as many of those deliveries, which go first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}
