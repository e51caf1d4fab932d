import type { Id, Instant, Provider } from '@rekey/domain';

/** The sign-ins with a provider that are under way, each known by the digest of its state. */
export interface ProviderStates {
  insert(state: ProviderState): Promise<void>;
  /** Finds a state that is for all of that, and has not expired at `now`; answers what was sealed with it, or null. */
  find(awaited: Awaited, now: Instant): Promise<string | null>;
  /** Spends a state, only if `find` finds it; answers whether it did. A try for anything else does not spend it. */
  spend(awaited: Awaited, now: Instant): Promise<boolean>;
  /** Ends all that are to link an account at a provider to a user. */
  endAllOf(userId: Id): Promise<void>;
  /** Deletes up to `limit` states that expired by `now`; answers how many that were. */
  prune(now: Instant, limit: number): Promise<number>;
}

/** What a state is good for. */
export type Awaited = {
  readonly digest: string;
  readonly provider: Provider;
  readonly serviceId: Id;
  /** The user whom the account at the provider is to be linked to; null for a sign-in. */
  readonly userId: Id | null;
  /** Says which browser it was made for, to nobody who has the database alone; null where the service did not say. */
  readonly binding: string | null;
};

export type ProviderState = Awaited & {
  readonly expiresAt: Instant;
  /** The verifier of the code (RFC 7636), which nobody can read who has the database alone. */
  readonly sealed: string;
};
