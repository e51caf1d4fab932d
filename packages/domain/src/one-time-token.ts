import type { Id, Instant } from './ids.ts';
import type { Origin } from './origin.ts';

/**
 * Everything that a mailed link may be for: the `type` of the link, and the kind of the mail.
 * Each of them is a kill switch: pressed, it locks the account.
 */
export const purposes = [
  /** The password was changed. */
  'update_password',
  /** A KEY was made for the user. */
  'factor_change',
] as const;
export type Purpose = (typeof purposes)[number];

/** A right that is mailed to the owner of an account and spent once. */
export type OneTimeToken = {
  readonly id: Id;
  readonly purpose: Purpose;
  readonly userId: Id;
  readonly serviceId: Id;
  /** The address that the user had when it happened: the mail goes there, whatever happens later. */
  readonly email: string;
  /** Where the request came from that the mail is about. */
  readonly origin: Origin;
  /** The secret of the key file that the link is made with. */
  readonly keyId: string;
  readonly createdAt: Instant;
  /** Until when the link works. */
  readonly expiresAt: Instant;
};
