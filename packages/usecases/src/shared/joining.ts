import type { User } from '@rekey/domain';

/**
 * Whether a registration with the address of an account only lets it in at a service: its owner proved the address. The
 * word of a service is not enough, for somebody else may have chosen the password.
 */
export const isJoining = ({
  isEnabled,
  isLocked,
  emailProven,
}: Pick<User, 'isEnabled' | 'isLocked' | 'emailProven'>): boolean =>
  isEnabled && !isLocked && emailProven;
