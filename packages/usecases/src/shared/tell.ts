import type { Event, News } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/** Writes down what a service may know of a change, in the transaction of the change. */
export async function tell(
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  { events }: Pick<Stores, 'events'>,
  news: News,
): Promise<void> {
  await events.insert(eventOf(news, ids.next(), clock.now()));
}

/** The event of some news. */
export const eventOf = (news: News, id: Event['id'], createdAt: Event['createdAt']): Event => ({
  id,
  createdAt,
  subjectId: null,
  data: {},
  ...news,
});
