import type { Id, Instant } from './ids.ts';
import type { Credential, User } from './user.ts';

/**
 * A device that its user logged in from (OWASP, Device Cookies). A right password from it always gets in,
 * however often others tried.
 */
export type Device = {
  readonly id: Id;
  readonly userId: Id;
  /** Of the credential: raised to make all devices of the user unknown. */
  readonly epoch: number;
  readonly issuedAt: Instant;
};

const DAY_MS = 86_400_000;
export const DEVICE_LIFE_MS = 90 * DAY_MS;

/** Whether a device is known to an account. */
export const isKnownDevice = (
  device: Device,
  user: Pick<User, 'id'>,
  { deviceEpoch }: Pick<Credential, 'deviceEpoch'>,
  now: Instant,
): boolean =>
  device.userId === user.id &&
  device.epoch === deviceEpoch &&
  now < device.issuedAt + DEVICE_LIFE_MS;
