import type { Event } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/** Writes down what services may know of a change, in the transaction of the change. */
export async function tell(
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  { events }: Pick<Stores, 'events'>,
  event: Pick<Event, 'type' | 'serviceId' | 'userId'> & Partial<Pick<Event, 'subjectId'>>,
): Promise<void> {
  await events.insert({ id: ids.next(), createdAt: clock.now(), subjectId: null, ...event });
}
