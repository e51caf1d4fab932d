import type { Id, Instant } from '@rekey/domain';
import type { Stores } from './ports.ts';

/**
 * Disables and revokes a key of a user, and ends the sessions that rest on it; answers whether it was this call
 * that did. No revoke link is touched: it outlives every key.
 */
export async function retireKey(
  { users, keys, sessions }: Stores,
  key: { readonly id: Id; readonly userId: Id },
  now: Instant,
): Promise<boolean> {
  // Held first: a login at the same moment either comes before, and its session ends here, or finds no key.
  await users.hold(key.userId);
  if (!(await keys.revoke(key.id, now))) return false;
  await sessions.endAllOn(key, now);
  return true;
}
