import {
  type Actor,
  type Id,
  IllegalArgument,
  isUsable,
  type Key,
  may,
  NotFound,
  outlives,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/**
 * A key that the actor sees, locked until the transaction ends, and its user with it. Throws `NotFound` for unknown and
 * foreign keys alike.
 */
export async function lockKey({ users, keys }: Stores, actor: Actor, id: Id): Promise<Key> {
  const seen = await keys.get(id);
  if (seen === null || !may(actor, 'see key', seen)) throw new NotFound();
  // Users before their keys, as everybody locks them.
  if (seen.userId !== null) await users.lock(seen.userId);
  // A service locks all of its own, so that no two of its requests take the last two.
  else if (seen.serviceId !== null && actor.kind === 'service') await keys.lockOwn(seen.serviceId);
  const key = await keys.lock(id);
  if (key === null) throw new NotFound();
  return key;
}

/**
 * Refuses a change with which a service would lock itself out: another key that it can ask with must be there, and last
 * as long where the change is that the key expires earlier. Operators may do it. `after`: the key as it will be; null for
 * one that is gone.
 */
export async function checkLastKey(
  { clock }: Pick<Ports, 'clock'>,
  { keys }: Pick<Stores, 'keys'>,
  actor: Actor,
  before: Key,
  after: Key | null,
  field: string,
): Promise<void> {
  const { serviceId, userId } = before;
  if (serviceId === null || userId !== null || may(actor, 'lock a service out', null)) return;
  const now = clock.now();
  if (!isUsable(before, now)) return;
  const remains = after !== null && isUsable(after, now);
  if (remains && outlives(after, before)) return;
  const others = (await keys.lockOwn(serviceId)).filter(
    (key) => key.id !== before.id && isUsable(key, now),
  );
  if (others.some((key) => !remains || outlives(key, before))) return;
  const message = 'is refused for the last usable key of a service: a root key may do it';
  throw new IllegalArgument([{ field, message, code: 'not_allowed' }]);
}
