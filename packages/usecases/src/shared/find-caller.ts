import { type Instant, isUsable } from '@rekey/domain';
import type { Keys, Stores } from '../ports/index.ts';

/** The key of a service or of the operator, by the digest of its value, and its service; null unless it may be used now. */
export async function findCaller(
  { keys }: Pick<Stores, 'keys'>,
  digest: string,
  now: Instant,
): ReturnType<Keys['findByDigest']> {
  const found = await keys.findByDigest(digest, now);
  if (found === null || !isUsable(found.key, now) || found.key.userId !== null) return null;
  // The key of a service is never the operator's, even if the service is gone.
  return found.key.serviceId !== null && !found.service?.isEnabled ? null : found;
}
