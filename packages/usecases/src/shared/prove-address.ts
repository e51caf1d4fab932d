import type { Id, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { tellAll } from './tell-all.ts';

/**
 * Writes down that a mail to the address of a user, who is locked, reached its owner, and tells all services that see the
 * user. `isProof`: whether somebody acted, rather than visited a link. Answers the user as it is then.
 */
export async function proveAddress(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Pick<Stores, 'users' | 'services' | 'events'>,
  userId: Id,
  { isProof = true }: { readonly isProof?: boolean } = {},
): Promise<User> {
  const user = await stores.users.get(userId);
  if (user === null) throw new Error('a user who is locked is there');
  if (user.emailValid && (user.emailProven || !isProof)) return user;
  const now = ports.clock.now();
  await stores.users.markValid(userId, isProof, now);
  if (!user.emailValid) {
    await tellAll(ports, stores, { type: 'email.validated', serviceId: null, userId });
  }
  const emailProven = user.emailProven || isProof;
  return { ...user, emailValid: true, emailProven, updatedAt: now };
}
