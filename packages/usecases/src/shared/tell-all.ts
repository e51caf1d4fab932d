import type { Id, News, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isKnownTo } from './known-user.ts';
import { tell } from './tell.ts';

/** What everybody may know who sees the user; the rest is told with `tell` to the service that it belongs to. */
type SharedType = Extract<News['type'], `${'user' | 'password' | 'email' | 'factor'}.${string}`>;

type SharedNews = DistributiveOmit<
  Extract<News, { type: SharedType }>,
  'userId' | 'serviceId' | 'subjectId'
> & { readonly userId: Id };

type Shared = SharedNews & {
  readonly subjectId?: Id | null;
  /** The service that it happened through; null where that was the operator. */
  readonly serviceId: Id | null;
};

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/**
 * Tells all services that see a user what happened to it, and the one that it happened through, which alone learns what it
 * was about and which session was spared. Where the user is seen by others afterwards than before, it comes while all see
 * it that shall learn of it.
 */
export async function tellAll(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Pick<Stores, 'events' | 'services'>,
  { serviceId: own, subjectId = null, ...shared }: Shared,
): Promise<void> {
  if (own !== null) await tell(ports, stores, { ...shared, serviceId: own, subjectId });
  const news = forOthers(shared);
  for (const serviceId of news === null ? [] : await stores.services.seeing(shared.userId)) {
    if (serviceId !== own) await tell(ports, stores, { ...news, serviceId } as News);
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

/** A session is its service's own, and so is what it keeps with a user. Null where nothing else happened. */
function forOthers(shared: SharedNews): SharedNews | null {
  if (shared.type === 'user.updated') {
    const fields = shared.data.fields.filter((field) => field !== 'attributes');
    return fields.length === 0 ? null : { ...shared, data: { fields } };
  }
  const { kept_session_id: _own, ...data } = { kept_session_id: undefined, ...shared.data };
  return { ...shared, data } as SharedNews;
}

/** What an event says of the session that asked for the change, and goes on. */
export const sparing = (sessionId: Id | undefined) =>
  sessionId === undefined ? {} : { kept_session_id: sessionId };
