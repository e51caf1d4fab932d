/** All that one call says beyond its input. */
export type Call = {
  /** The access token of a user, for calls that a user makes. */
  readonly token?: string;
  /** Address of the user for whom you call. Rekey believes it where `TRUST_PROXY` names your backend. */
  readonly address?: string;
  /** `User-Agent` of the user for whom you call: the owner reads it in the mail. */
  readonly client?: string;
  /** `Accept-Language` of the user for whom you call: a mail about a sign-up is written in it. */
  readonly language?: string;
  readonly signal?: AbortSignal;
};
