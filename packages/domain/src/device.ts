import { DAY_MS } from './durations.ts';
import type { Id, Instant } from './ids.ts';
import type { Credential, User } from './user.ts';

/**
 * A device that its user logged in from (OWASP, Device Cookies). A right password from it always gets in,
 * however often others tried.
 */
export type Device = {
  readonly id: Id;
  readonly userId: Id;
  /** Of the credential at the login; a change of the password makes it one of the past. */
  readonly version: number;
  /** Of the credential at the login: raised to make all devices of the user unknown. */
  readonly epoch: number;
  readonly issuedAt: Instant;
};

export const DEVICE_LIFE_MS = 90 * DAY_MS;

/** A longer text is not the token of a device. */
export const MAX_DEVICE_TOKEN_LENGTH = 300;

/** Whether a device is known to an account. */
export const isKnownDevice = (
  device: Device,
  { user, credential }: { user: Pick<User, 'id'>; credential: Pick<Credential, 'deviceEpoch'> },
  now: Instant,
): boolean =>
  device.userId === user.id &&
  device.epoch === credential.deviceEpoch &&
  now < device.issuedAt + DEVICE_LIFE_MS;
