import { type Grant, type Instant, isUsable, type Key, type User } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** The user and the TOKEN key of a session; null unless it is open, the user enabled and the key usable. */
export async function findSession(
  { sessions }: Pick<Stores, 'sessions'>,
  { sessionId, userId, serviceId }: Grant,
): Promise<{ user: User; key: Key } | null> {
  const open = await sessions.findOpen(sessionId);
  if (open === null) return null;
  const { session, user, key } = open;
  if (session.userId !== userId || session.serviceId !== serviceId) return null;
  return user.isEnabled && isUsable(key) ? { user, key } : null;
}

/** The session that a refresh token stands for, spent or not; null where the session has ended. */
export async function findRefreshGrant(
  { sessions }: Pick<Stores, 'sessions'>,
  digest: string,
): Promise<{ grant: Grant; expiresAt: Instant; isSpent: boolean } | null> {
  const refresh = await sessions.findRefresh(digest);
  const open = refresh && (await sessions.findOpen(refresh.sessionId));
  if (!open) return null;
  const { id: sessionId, userId, serviceId } = open.session;
  return { ...refresh, grant: { sessionId, userId, serviceId } };
}
