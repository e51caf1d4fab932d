import type { Event, Id } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { tell } from './tell.ts';

type Shared = Pick<Event, 'type' | 'serviceId' | 'subjectId'> & { readonly userId: Id };

/**
 * Tells all services that know of a user what happened to it through one of them, which alone learns what it was about.
 */
export async function tellAll(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Pick<Stores, 'events'>,
  event: Shared,
  knowing: readonly Id[],
): Promise<void> {
  await tell(ports, stores, event);
  for (const serviceId of knowing) {
    if (serviceId === event.serviceId) continue;
    await tell(ports, stores, { ...event, serviceId, subjectId: null });
  }
}
