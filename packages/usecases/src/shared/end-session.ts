import type { Actor, Grant, Id } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

/** Ends one session, and records it; answers whether it was open. */
export async function endSession(
  ports: Recorder,
  stores: Stores,
  actor: Actor,
  { sessionId: subjectId, userId, serviceId }: Grant,
): Promise<boolean> {
  if (!(await stores.sessions.end(subjectId, ports.clock.now()))) return false;
  await tell(ports, stores, { type: 'session.ended', serviceId, userId, subjectId });
  const type = 'rekey:SessionEnd';
  await record(ports, stores, actor, { type, serviceId, userId, subjectId });
  return true;
}

/**
 * Ends all sessions of a user at services, in their order, and makes the devices of the user unknown; answers how many
 * sessions that were. A service has one event and one entry of all of them, which are about no one session.
 */
export async function endSessionsAt(
  ports: Recorder,
  stores: Stores,
  actor: Actor,
  { userId, serviceIds }: { readonly userId: Id; readonly serviceIds: readonly Id[] },
): Promise<number> {
  const { users, sessions } = stores;
  // Locked first: a login at the same moment either comes before, and its session ends here, or after.
  await users.lock(userId);
  await users.forgetDevices(userId);
  const ended: { readonly serviceId: Id; readonly count: number }[] = [];
  for (const serviceId of serviceIds) {
    const count = await sessions.endAllAt(userId, serviceId, ports.clock.now());
    if (count > 0) ended.push({ serviceId, count });
  }
  for (const { serviceId } of ended) {
    await tell(ports, stores, { type: 'session.ended', serviceId, userId });
  }
  for (const { serviceId } of ended) {
    await record(ports, stores, actor, { type: 'rekey:SessionEnd', serviceId, userId });
  }
  return ended.reduce((total, { count }) => total + count, 0);
}
