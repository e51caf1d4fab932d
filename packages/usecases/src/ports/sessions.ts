import type { Id, Instant, Key, Session, User } from '@rekey/domain';

export interface Sessions {
  insert(session: Session): Promise<void>;
  /** Finds a session that has not ended, with its user and the key that it rests on. */
  findOpen(id: Id): Promise<{ session: Session; user: User; key: Key } | null>;
  /** Ends a session; one that has ended stays as it is. */
  end(id: Id, now: Instant): Promise<void>;
  /** Ends every open session of the user, but for the one with the id `except`. */
  endAllOf(userId: Id, now: Instant, except?: Id): Promise<void>;
  /** Ends every open session of the user that rests on the key. */
  endAllOn(key: { readonly id: Id; readonly userId: Id }, now: Instant): Promise<void>;
  /** Adds a refresh token, kept as its digest. */
  insertRefresh(token: {
    digest: string;
    sessionId: Id;
    createdAt: Instant;
    expiresAt: Instant;
  }): Promise<void>;
  findRefresh(
    digest: string,
  ): Promise<{ sessionId: Id; expiresAt: Instant; isSpent: boolean } | null>;
  /** Spends a refresh token, only if it is unspent; answers whether it did. */
  spendRefresh(digest: string, now: Instant): Promise<boolean>;
  /**
   * Deletes up to `limit` sessions that ended, or else expired, before the instant, and up to as many of their
   * refresh tokens, which go first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}
