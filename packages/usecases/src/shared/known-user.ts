import type { Id, User } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** Whether a service may know of a user: it made the user, or has or had a key of it. */
export async function isKnownTo(
  { keys }: Pick<Stores, 'keys'>,
  user: User,
  serviceId: Id,
): Promise<boolean> {
  return user.createdBy === serviceId || keys.linksUser(user.id, serviceId);
}
