import { type Instant, isUsable, type Key, type User } from '@rekey/domain';
import type { AccessGrant, Stores } from './ports.ts';

/** The user and the TOKEN key of a session; null unless it is open, the user enabled and the key usable. */
export async function findOpenSession(
  { sessions, users, keys }: Stores,
  { sessionId, userId, serviceId }: AccessGrant,
): Promise<{ user: User; key: Key } | null> {
  const session = await sessions.findOpen(sessionId);
  if (session?.userId !== userId || session.serviceId !== serviceId) return null;
  const user = await users.get(userId);
  const key = await keys.get(session.keyId);
  return user?.isEnabled && key && isUsable(key) ? { user, key } : null;
}

/** What a refresh token stands for, spent or not; null where its session has ended. */
export async function findRefreshGrant(
  { sessions }: Stores,
  digest: string,
): Promise<{ grant: AccessGrant; expiresAt: Instant; isSpent: boolean } | null> {
  const refresh = await sessions.findRefresh(digest);
  const session = refresh && (await sessions.findOpen(refresh.sessionId));
  if (!session) return null;
  const { id: sessionId, userId, serviceId } = session;
  return { ...refresh, grant: { sessionId, userId, serviceId } };
}
