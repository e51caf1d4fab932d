import type { Id, User } from '@rekey/domain';
import type { Stores } from './ports.ts';

/** Whether a service may know of a user: it made the user, or has a key of it. */
export async function isVisible(
  { keys }: Pick<Stores, 'keys'>,
  user: User,
  serviceId: Id,
): Promise<boolean> {
  return user.createdBy === serviceId || keys.linksUser(user.id, serviceId);
}
