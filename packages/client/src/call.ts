/** All that one call says beyond its input. */
export type Call = {
  /** The access token of a user, for calls that a user makes. */
  readonly token?: string;
  /** Proves a user beside your service, in calls of `/v1`: `key VALUE` or `token VALUE`. */
  readonly user?: string;
  /** Address of the user for whom you call. Rekey believes it where `TRUST_PROXY` names your backend. */
  readonly address?: string;
  /** `User-Agent` of the user for whom you call: the owner reads it in the mail. */
  readonly client?: string;
  /** `Accept-Language` of the user for whom you call: a mail about a sign-up is written in it. */
  readonly language?: string;
  /**
   * Names a call that changes something: for 24 hours, a call that comes again with its key is answered as before, and
   * done once. One of its own where calls are repeated, unless it is given.
   */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};
