import type { Id, Instant, OneTimeToken, Purpose } from '@rekey/domain';

/** The rights that were mailed. Nothing of a token itself is stored. */
export interface OneTimeTokens {
  insert(token: OneTimeToken): Promise<void>;
  /** Finds a right that is unspent and has not expired at `now`. */
  findGood(id: Id, now: Instant): Promise<OneTimeToken | null>;
  /** Whether the account of a right was deleted, which would not have expired at `now`. */
  isOfDeleted(id: Id, now: Instant): Promise<boolean>;
  /**
   * Spends a right, only if it is unspent and has not expired at `now`, together with every other right of its user that
   * was mailed to its address, or later; answers the right, or null where it was not spent. Locks the row of the user
   * first: no right is made meanwhile, and two links that are pressed at once do not lock each other out. A right that
   * was mailed to another address before stays good.
   */
  spend(id: Id, now: Instant): Promise<OneTimeToken | null>;
  /** When the user's `n`th latest right for that purpose was made; null where there are fewer. */
  nthLatest(userId: Id, purpose: Purpose, n: number): Promise<Instant | null>;
  /**
   * Deletes up to `limit` rights that expired before the instant and whose deliveries were sent or given up,
   * and up to as many of those deliveries, which go first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}
