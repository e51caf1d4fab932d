import type { Id, Instant } from './ids.ts';
import type { Origin } from './origin.ts';

/**
 * The ways to prove oneself at a login. RFC 8176 has `pwd` and `otp`; the others are names of their own: a passkey that
 * verified its user, and one that did not (`security_key`), a recovery code, and the providers.
 */
export const proofMethods = [
  'pwd',
  'otp',
  'recovery_code',
  'passkey',
  'security_key',
  'google',
  'github',
  'microsoft',
] as const;
export type ProofMethod = (typeof proofMethods)[number];

/** A login that is still open: access tokens name it, and are worth nothing once it has ended. */
export type Session = {
  readonly id: Id;
  readonly createdAt: Instant;
  /** When a token of it was last refreshed or verified, known to within a minute. */
  readonly lastUsedAt: Instant;
  /** When the session ends by itself: the last of its tokens has expired by then. A refresh puts it off. */
  readonly expiresAt: Instant;
  readonly userId: Id;
  readonly serviceId: Id;
  /** The TOKEN key that the login rested on. */
  readonly keyId: Id;
  /** Where the login came from: it goes with the person, and when the session is pruned. */
  readonly origin: Origin;
  /** How the login was proven, and all that was proven in the session since. */
  readonly amr: readonly ProofMethod[];
  /** When something was proven last: at the login, or in the session since. */
  readonly authenticatedAt: Instant;
};

/** How and when somebody proved to be the user of a session. */
export type Authentication = Pick<Session, 'amr' | 'authenticatedAt'>;

/** The session that an access or refresh token stands for. */
export type Grant = {
  readonly sessionId: Id;
  readonly userId: Id;
  readonly serviceId: Id;
};
