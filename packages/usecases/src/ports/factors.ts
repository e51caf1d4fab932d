import type { Challenge, ChallengeKind, FactorKind, Id, Instant, TotpSeed } from '@rekey/domain';

/** How many users have a factor, by its kind. Recovery codes go with one-time codes. */
export type FactorCounts = Readonly<Record<Exclude<FactorKind, 'recovery_codes'>, number>>;

/**
 * The second factors that somebody types: seeds of one-time codes, and recovery codes; and the proofs that wait for a
 * factor. Which factors a user has stands with the user as well, see `Users.setFactors`.
 */
export interface Factors {
  /** Adds a seed that is not confirmed, in the place of the one of the user that was not confirmed yet. */
  insertSeed(seed: TotpSeed): Promise<void>;
  /** The seed of a user that is confirmed, and the one that may be confirmed at `now`; null for none. */
  seedsOf(
    userId: Id,
    now: Instant,
  ): Promise<{ readonly confirmed: TotpSeed | null; readonly pending: TotpSeed | null }>;
  /**
   * Confirms a seed with the code of a step, which is spent then, only if the seed may be confirmed at `now`; answers
   * whether it did. It takes the place of the one that was confirmed before.
   */
  confirmSeed(id: Id, step: number, now: Instant): Promise<boolean>;
  /**
   * Spends a step of time of a seed that is confirmed, only if this step and all later ones are unspent; answers whether
   * it did.
   */
  spendStep(id: Id, step: number, now: Instant): Promise<boolean>;
  /** Deletes the seeds of a user, and the recovery codes; answers how many of the seeds were confirmed. */
  deleteSeeds(userId: Id): Promise<number>;
  /** Replaces the recovery codes of a user, given as their digests; none of them may be left. */
  replaceCodes(userId: Id, digests: readonly string[]): Promise<void>;
  /** How many recovery codes of a user are unspent. */
  countCodes(userId: Id): Promise<number>;
  /** Whether a recovery code of a user is unspent. */
  hasCode(userId: Id, digest: string): Promise<boolean>;
  /** Spends a recovery code of a user, only if it is unspent; answers whether it did. */
  spendCode(userId: Id, digest: string): Promise<boolean>;
  insertChallenge(challenge: Challenge): Promise<void>;
  /** Finds a challenge that is unspent, and has not expired at `now`. */
  findChallenge(digest: string, now: Instant): Promise<Challenge | null>;
  /** The latest challenge of that kind that a user has at a service from one place, as `findChallenge` finds them. */
  latestChallenge(
    of: Pick<Challenge, 'userId' | 'serviceId' | 'mark'> & { readonly kind: ChallengeKind },
    now: Instant,
  ): Promise<Challenge | null>;
  /** Spends a challenge, only if it is unspent and has not expired at `now`; answers whether it did. */
  spendChallenge(digest: string, now: Instant): Promise<boolean>;
  /** Spends all challenges of a user. */
  endChallenges(userId: Id): Promise<void>;
  /** How many users have a confirmed seed, a passkey, or a link with a provider. It reads all of these. */
  countUsers(): Promise<FactorCounts>;
  /** Deletes up to `limit` challenges, and as many seeds that were not confirmed, that expired by `now`; answers how many rows that were. */
  prune(now: Instant, limit: number): Promise<number>;
}
