import type { Id, Instant, Passkey } from '@rekey/domain';

export interface Passkeys {
  /** Adds a passkey; answers whether there was none with that credential id. */
  insert(passkey: Passkey): Promise<boolean>;
  /** Finds a passkey by its credential id. */
  find(credentialId: string): Promise<Passkey | null>;
  /** The passkeys of a user, the oldest first. */
  ofUser(userId: Id): Promise<Passkey[]>;
  /**
   * Writes down a use, only if its counter goes on from the one that is kept (see `goesOn`); answers whether it did. Of
   * two uses at once with one counter, one is written down.
   */
  use(
    id: Id,
    use: { readonly at: Instant; readonly counter: number; readonly isBackedUp: boolean },
  ): Promise<boolean>;
  /** Deletes a passkey of that user; answers whether there was one. */
  delete(id: Id, userId: Id): Promise<boolean>;
  /** Deletes the passkeys of a user, and answers them. */
  deleteAllOf(userId: Id): Promise<Passkey[]>;
  /** Spends a challenge, which is good until then; answers whether it was unspent. Nothing is kept of unspent ones. */
  spendChallenge(challenge: string, expiresAt: Instant): Promise<boolean>;
  /** Forgets up to `limit` spent challenges that have expired; answers how many. */
  pruneChallenges(now: Instant, limit: number): Promise<number>;
}
