import type { Event, Instant } from '@rekey/domain';
import type { Events } from '@rekey/usecases';
import type { Connection } from '../dialects/dialect.ts';
import { counted, type Param, write } from '../query.ts';

const insert = write((db, event: Param<Event>) =>
  db.insertInto('events').values({
    id: event.id,
    created_at: event.createdAt,
    type: event.type,
    service_id: event.serviceId,
    user_id: event.userId,
    subject_id: event.subjectId,
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
export const eventsOn = (on: Connection): Events => ({ insert: insert(on), prune: prune(on) });
