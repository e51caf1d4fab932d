import type { Id, Instant } from './ids.ts';

export type EventType =
  | 'user.created'
  | 'user.updated'
  | 'user.deleted'
  | 'user.disabled'
  /** The owner pressed the link of a mail. */
  | 'user.locked'
  /** The owner took a locked account back. */
  | 'user.recovered'
  /** Another service made a key of the user, and sees the user from then on. */
  | 'user.adopted'
  | 'password.changed'
  /** Somebody set it with the link of a mail. */
  | 'password.reset'
  /** A mail to the address reached its owner. */
  | 'email.validated'
  | 'email.changed'
  | 'session.started'
  /** One session, or all of the user at the service where it is about none. */
  | 'session.ended'
  /** A spent refresh token came back. */
  | 'token.theft'
  | 'key.created'
  /** Its name, scopes or expiry, or whether it is enabled. */
  | 'key.updated'
  /** It has another value. */
  | 'key.rotated'
  | 'key.revoked'
  /** It expires within a week. */
  | 'key.expiring'
  /** A client that tried too often has to wait. */
  | 'throttle.reached';

/** A change, as far as services may know of it: ids alone, and nothing personal. */
export type Event = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly type: EventType;
  /** The service that it happened through. */
  readonly serviceId: Id;
  readonly userId: Id | null;
  /** The session, key or one-time token that it is about. */
  readonly subjectId: Id | null;
};
