import type { Id, Instant } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** Whether a service keeps a user out, by a TOKEN key of the user that it disabled. */
export async function isKeptOut(
  { keys }: Pick<Stores, 'keys'>,
  { userId, serviceId }: { readonly userId: Id; readonly serviceId: Id },
  now: Instant,
): Promise<boolean> {
  const filter = { userIds: [userId], serviceIds: [serviceId], types: ['TOKEN'] } as const;
  const shut = await keys.list({ ...filter, isEnabled: false, isRevoked: false }, { limit: 10 });
  return shut.some(({ expiresAt }) => expiresAt === null || expiresAt > now);
}
