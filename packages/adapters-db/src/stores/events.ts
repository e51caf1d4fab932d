import type { EventType, Id, Instant } from '@rekey/domain';
import type { Events, SequencedEvent } from '@rekey/usecases';
import { type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { pendingEvent, type Told } from './pending.ts';
import { askAll, inPieces } from './pieces.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'type',
  'service_id as serviceId',
  'user_id as userId',
  'subject_id as subjectId',
  'sequence',
  'data',
] as const;

type Row = Selection<Schema, 'events', (typeof columns)[number]>;

const asEvent = ({ data, ...row }: Row): SequencedEvent =>
  ({ ...row, data: data === null ? {} : JSON.parse(data) }) as SequencedEvent;

/** An event in the answer of a join. */
export const joinedEvent = joined('events', columns, asEvent);

/** An event, with its data as it is stored. */
type EventRow = Omit<SequencedEvent, 'data'> & { readonly data: string };

const insert = write((db, events: Param<readonly EventRow[]>) =>
  db.insertInto('events').values(
    events.map((event) => ({
      service_id: event.serviceId,
      sequence: event.sequence,
      id: event.id,
      created_at: event.createdAt,
      type: event.type,
      user_id: event.userId,
      subject_id: event.subjectId,
      data: event.data,
    })),
  ),
);

type End = { readonly serviceId: Id; readonly last: number };

const setEnds = write((db, ends: Param<readonly End[]>) =>
  db
    .insertInto('feeds')
    .values(ends.map(({ serviceId, last }) => ({ service_id: serviceId, last })))
    .onConflict((conflict) =>
      conflict.column('service_id').doUpdateSet((eb) => ({ last: eb.ref('excluded.last') })),
    ),
);

const ends = all((db, serviceIds: Param<readonly Id[]>) =>
  db
    .selectFrom('feeds')
    .select(['service_id as serviceId', 'last'])
    .where('service_id', 'in', [...serviceIds]),
);

const following = all(
  (
    db,
    serviceId: Param<Id>,
    after: Param<number>,
    limit: Param<number>,
    types?: Param<readonly EventType[]>,
  ) => {
    const found = db
      .selectFrom('events')
      .select(columns)
      .where('service_id', '=', serviceId)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit);
    return types === undefined ? found : found.where('type', 'in', [...types]);
  },
  asEvent,
);

const oldest = one((db, serviceId: Param<Id>) =>
  db
    .selectFrom('events')
    .select('sequence')
    .where('service_id', '=', serviceId)
    .orderBy('sequence')
    .limit(sql.lit(1)),
);

const prune = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db.deleteFrom('events').where(sql<boolean>`(service_id, sequence) in (
    select service_id, sequence from events as old
    where created_at < ${before} and not exists (
      select 1 from events as young
      where young.service_id = old.service_id and young.sequence < old.sequence
        and young.created_at >= ${before}
    )
    order by created_at
    limit ${limit}
  )`),
);

/** The changes that services may know of. */
export const eventsOn = (on: Connection, told: Told): Events => ({
  insert: async (event) => told.add([pendingEvent(event)]),

  async append(events) {
    const rows = events.map((event) => ({ ...event, data: JSON.stringify(event.data) }));
    await inPieces(rows, insert(on));
    const last = new Map(events.map(({ serviceId, sequence }) => [serviceId, sequence]));
    const reached = [...last].map(([serviceId, last]) => ({ serviceId, last }));
    await inPieces(reached, setEnds(on));
  },

  async ends(serviceIds) {
    const found = await askAll(serviceIds, ends(on));
    return new Map(found.map(({ serviceId, last }) => [serviceId, last]));
  },

  follow: following(on),

  async bounds(serviceId) {
    // Before the end: an event that comes meanwhile is none that is missing.
    const first = await oldest(on)(serviceId);
    const [end] = await ends(on)([serviceId]);
    const last = end?.last ?? 0;
    return { first: first?.sequence ?? last + 1, last };
  },

  prune: prune(on),
});
