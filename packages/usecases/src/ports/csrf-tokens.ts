import type { Id, Instant } from '@rekey/domain';

/** Tokens that services spend once, kept as their digests. */
export interface CsrfTokens {
  insert(token: {
    readonly digest: string;
    readonly serviceId: Id;
    readonly expiresAt: Instant;
  }): Promise<void>;
  /** Spends a token, only if it is the service's and has not expired at `now`; answers whether it did. */
  spend(digest: string, serviceId: Id, now: Instant): Promise<boolean>;
  /** Deletes up to `limit` tokens that expired by `now`; answers how many that were. */
  prune(now: Instant, limit: number): Promise<number>;
}
