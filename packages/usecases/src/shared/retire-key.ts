import type { Instant, Key } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { tell } from './tell.ts';

/**
 * Disables and revokes a key, and ends the sessions that rest on it; answers whether it was this call that did.
 * No mailed link is touched: it outlives every key.
 */
export async function retireKey(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Stores,
  key: Pick<Key, 'id' | 'type' | 'userId' | 'serviceId'>,
  now: Instant,
): Promise<boolean> {
  const { users, keys, sessions } = stores;
  const { id: subjectId, userId, serviceId } = key;
  // Locked first: a login at the same moment either comes before, and its session ends here, or finds no key.
  if (userId !== null) await users.lock(userId);
  if (!(await keys.revoke(key.id, now))) return false;
  if (userId !== null) await sessions.endAllOn({ id: key.id, userId }, now);
  if (serviceId !== null) {
    const of = { serviceId, userId, subjectId };
    await tell(ports, stores, { ...of, type: 'key.revoked', data: { key_type: key.type } });
  }
  return true;
}
