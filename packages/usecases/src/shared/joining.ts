import { isProven, type User } from '@rekey/domain';

/** Whether a registration with the address of an account only lets it in at a service: somebody vouches for the address. */
export const isJoining = (
  user: Pick<User, 'isEnabled' | 'isLocked' | 'emailValid' | 'createdBy'>,
): boolean => user.isEnabled && !user.isLocked && (user.emailValid || isProven(user));
