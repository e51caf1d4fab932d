import type { Event, Id, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isKnownTo } from './known-user.ts';
import { tell } from './tell.ts';

type Shared = Pick<Event, 'type'> & {
  readonly userId: Id;
  /** The service that it happened through; null where that was the operator. */
  readonly serviceId: Id | null;
} & Partial<Pick<Event, 'subjectId'>>;

/**
 * Tells all services that see a user what happened to it, and the one that it happened through, which alone learns what it
 * was about. Where the user is seen by others afterwards than before, it comes while all see it that shall learn of it.
 */
export async function tellAll(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Pick<Stores, 'events' | 'services'>,
  { type, userId, serviceId: own, subjectId = null }: Shared,
): Promise<void> {
  if (own !== null) await tell(ports, stores, { type, userId, serviceId: own, subjectId });
  for (const serviceId of await stores.services.seeing(userId)) {
    if (serviceId !== own) await tell(ports, stores, { type, userId, serviceId });
  }
}

/**
 * Tells all others that see a user of a service that is about to get a key of it, and did not know of it before. Answers
 * those of them that may know of the user themselves; none where the service knew of the user.
 */
export async function tellAdoption(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Pick<Stores, 'events' | 'services' | 'keys'>,
  { user, serviceId: own }: { readonly user: User; readonly serviceId: Id },
): Promise<Id[]> {
  if (await isKnownTo(stores, user, own)) return [];
  for (const serviceId of await stores.services.seeing(user.id)) {
    if (serviceId === own) continue;
    await tell(ports, stores, { type: 'user.adopted', serviceId, userId: user.id });
  }
  return stores.services.knowing(user.id);
}
