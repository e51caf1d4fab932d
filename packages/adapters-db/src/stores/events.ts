import type { Event, Instant } from '@rekey/domain';
import type { Events } from '@rekey/usecases';
import type { Connection } from '../dialects/dialect.ts';
import { counted, type Param, write } from '../query.ts';

/** An event, with its data as it is stored. */
export type EventRow = Omit<Event, 'data'> & { readonly data: string };
export const eventRow = (event: Event): EventRow => ({
  ...event,
  data: JSON.stringify(event.data),
});

const insert = write((db, event: Param<EventRow>) =>
  db.insertInto('events').values({
    id: event.id,
    created_at: event.createdAt,
    type: event.type,
    service_id: event.serviceId,
    user_id: event.userId,
    subject_id: event.subjectId,
    data: event.data,
  }),
);

const prune = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('events')
    .where('id', 'in', (eb) =>
      eb.selectFrom('events').select('id').where('created_at', '<', before).limit(limit),
    ),
);

/** The changes that services may know of. */
export const eventsOn = (on: Connection): Events => ({
  insert: (event) => insert(on)(eventRow(event)),
  prune: prune(on),
});
