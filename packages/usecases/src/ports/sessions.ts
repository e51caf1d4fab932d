import type { Authentication, Id, IdPage, Instant, Key, SeenUser, Session } from '@rekey/domain';
import type { KeyUse } from './keys.ts';

export interface Sessions {
  insert(session: Session): Promise<void>;
  /** Finds a session that has not ended, with its user and the key that it rests on. */
  findOpen(id: Id): Promise<{ session: Session; user: SeenUser; key: Key } | null>;
  /** A page of the sessions whose tokens are good at `now`: not ended, not expired, and on a key that is usable. */
  list(filter: SessionFilter, page: IdPage, now: Instant): Promise<Session[]>;
  /** Up to `limit` sessions of a user by their ids, from the one after that id, whether they have ended or not. */
  ofUser(
    userId: Id,
    after: Id | '',
    limit: number,
  ): Promise<(Session & { readonly endedAt: Instant | null })[]>;
  /** Ends a session, only if it has not ended; answers whether it did. */
  end(id: Id, now: Instant): Promise<boolean>;
  /** Ends every open session of the user, but for the one with the id `except`. */
  endAllOf(userId: Id, now: Instant, except?: Id): Promise<void>;
  /** Ends every open session of the user at the service; answers how many that were. */
  endAllAt(userId: Id, serviceId: Id, now: Instant): Promise<number>;
  /** Ends every open session of the user that rests on the key. */
  endAllOn(key: { readonly id: Id; readonly userId: Id }, now: Instant): Promise<void>;
  /** Ends up to `limit` sessions that expired by `now`, at the instant at which they did; answers how many that were. */
  endExpired(now: Instant, limit: number): Promise<number>;
  /** Writes down that a session was used, and when it expires from then on. */
  renew(id: Id, lastUsedAt: Instant, expiresAt: Instant): Promise<void>;
  /** Writes down how and when the user of a session proved itself last, only if it has not ended; answers whether it did. */
  strengthen(id: Id, authentication: Authentication): Promise<boolean>;
  /**
   * Writes down when sessions were used last. No use that is later is lost. Sessions that are gone, or that others have
   * locked, are passed over: whoever has one locked changes it as well.
   */
  touch(uses: readonly KeyUse[]): Promise<void>;
  /** Adds a refresh token, kept as its digest. */
  insertRefresh(token: {
    digest: string;
    sessionId: Id;
    createdAt: Instant;
    expiresAt: Instant;
  }): Promise<void>;
  /** Finds a refresh token, with the session that it is of, whether that has ended or not. */
  findRefresh(digest: string): Promise<FoundRefresh | null>;
  /** Spends a refresh token, only if it is unspent; answers whether it did. */
  spendRefresh(digest: string, now: Instant): Promise<boolean>;
  /**
   * Deletes up to `limit` sessions that ended before the instant, and up to as many of their refresh tokens, which go
   * first; answers how many rows that were.
   */
  prune(before: Instant, limit: number): Promise<number>;
}

export type SessionFilter = {
  /** Undefined for all services. */
  readonly serviceId?: Id | undefined;
  /** Only sessions of these users; undefined for all users. */
  readonly userIds?: readonly Id[] | undefined;
};

export type FoundRefresh = Authentication & {
  /** When the session was opened. */
  readonly loginAt: Instant;
  readonly sessionId: Id;
  readonly userId: Id;
  readonly serviceId: Id;
  readonly expiresAt: Instant;
  readonly isSpent: boolean;
  readonly isOpen: boolean;
};
