import { type Id, IllegalArgument } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/**
 * Throws `IllegalArgument` for an admin beside whom there is no other one who can log in. Locks all admins: of two who
 * leave at once one stays.
 */
export async function checkNotLastAdmin({ users }: Pick<Stores, 'users'>, id: Id): Promise<void> {
  const admins = await users.lockAdmins();
  const isAdmin = admins.some((admin) => admin.id === id);
  const isLast = !admins.some((admin) => admin.id !== id && admin.isEnabled);
  if (!isAdmin || !isLast) return;
  throw new IllegalArgument([
    { field: 'email', message: 'is the account of the last admin', code: 'not_allowed' },
  ]);
}
