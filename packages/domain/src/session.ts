import type { Id, Instant } from './ids.ts';

/** A login that is still open: access tokens name it, and are worth nothing once it has ended. */
export type Session = {
  readonly id: Id;
  readonly createdAt: Instant;
  /** When the last token that the session can have expires, unless the session ends before. */
  readonly expiresAt: Instant;
  readonly userId: Id;
  readonly serviceId: Id;
  /** The TOKEN key that the login rested on. */
  readonly keyId: Id;
};

/** The session that an access or refresh token stands for. */
export type Grant = {
  readonly sessionId: Id;
  readonly userId: Id;
  readonly serviceId: Id;
};
