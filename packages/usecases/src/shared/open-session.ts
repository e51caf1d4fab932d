import { type Instant, isUsable, type Key, type User } from '@rekey/domain';
import type { AccessGrant, Stores } from './ports.ts';

/** The user and the TOKEN key of a session; null unless it is open, the user enabled and the key usable. */
export async function findOpenSession(
  { sessions }: Pick<Stores, 'sessions'>,
  { sessionId, userId, serviceId }: AccessGrant,
): Promise<{ user: User; key: Key } | null> {
  const open = await sessions.findOpen(sessionId);
  if (open === null) return null;
  const { session, user, key } = open;
  if (session.userId !== userId || session.serviceId !== serviceId) return null;
  return user.isEnabled && isUsable(key) ? { user, key } : null;
}

/** What a refresh token stands for, spent or not; null where its session has ended. */
export async function findRefreshGrant(
  { sessions }: Pick<Stores, 'sessions'>,
  digest: string,
): Promise<{ grant: AccessGrant; expiresAt: Instant; isSpent: boolean } | null> {
  const refresh = await sessions.findRefresh(digest);
  const open = refresh && (await sessions.findOpen(refresh.sessionId));
  if (!open) return null;
  const { id: sessionId, userId, serviceId } = open.session;
  return { ...refresh, grant: { sessionId, userId, serviceId } };
}
