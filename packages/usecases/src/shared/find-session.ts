import {
  type Grant,
  type Instant,
  isUsable,
  type Key,
  type SeenUser,
  type Session,
} from '@rekey/domain';
import type { FoundRefresh, Stores } from '../ports/index.ts';

type Found = { readonly session: Session; readonly user: SeenUser; readonly key: Key };

/**
 * The session of a grant, with its user and its TOKEN key; null unless it is open at `now`, the user enabled and the key
 * usable.
 */
export async function findSession(
  { sessions }: Pick<Stores, 'sessions'>,
  { sessionId, userId, serviceId }: Grant,
  now: Instant,
): Promise<Found | null> {
  const open = await sessions.findOpen(sessionId);
  if (open === null) return null;
  const { session, user, key } = open;
  if (session.userId !== userId || session.serviceId !== serviceId) return null;
  return session.expiresAt > now && user.isEnabled && isUsable(key, now) ? open : null;
}

/** The session that a refresh token stands for, spent or not, open or not; null where the token has expired at `now`. */
export async function findRefreshGrant(
  { sessions }: Pick<Stores, 'sessions'>,
  digest: string,
  now: Instant,
): Promise<(FoundRefresh & { readonly grant: Grant }) | null> {
  const found = await sessions.findRefresh(digest);
  if (found === null || found.expiresAt <= now) return null;
  const { sessionId, userId, serviceId } = found;
  return { ...found, grant: { sessionId, userId, serviceId } };
}
