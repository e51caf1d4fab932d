import type { Id, Instant } from '@rekey/domain';

/** Gives its place to what is pending, see `Pending`. */
export interface Places {
  /**
   * Gives places to all that is pending. Answers the instant up to which everything that was committed has its place now;
   * null where another process has the turn, and this one is not to wait for it.
   */
  give(how: { readonly isPatient: boolean }): Promise<Instant | null>;
  /**
   * Resolves when all has its place that was committed before the call by these services, or by anybody. Comes before a read
   * of the audit, outside of transactions: nobody misses what was done before.
   */
  caughtUp(serviceIds?: readonly (Id | null)[]): Promise<void>;
}
