import type { EventType, Id, Instant, WebhookAnswer, WebhookDelivery } from '@rekey/domain';
import type { Called, EventRange, OwedCall, WebhookDeliveries } from '@rekey/usecases';
import { type Kysely, type RawBuilder, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { joinedEvent } from './events.ts';

/** The last of the next places of a feed. */
const lastPlace = one(
  (db, serviceId: Param<Id>, after: Param<number>, limit: Param<number>, until?: Param<number>) =>
    db
      .selectFrom((eb) => {
        const places = eb
          .selectFrom('events')
          .select('sequence')
          .where('service_id', '=', serviceId)
          .where('sequence', '>', after)
          .orderBy('sequence')
          .limit(limit);
        return (until === undefined ? places : places.where('sequence', '<=', until)).as('next');
      })
      .select(({ fn }) => fn.max('next.sequence').as('last')),
);

type Range = Pick<EventRange, 'serviceId' | 'after'> & {
  readonly webhookId: Id;
  readonly until: number;
  readonly from: Instant;
  readonly to: Instant;
};

/** What an event that is owed anew has lost. */
const fresh = {
  attempts: 0,
  due_at: null,
  delivered_at: null,
  failing_since: null,
  failure: null,
  status: null,
  duration_ms: null,
} as const;

const owe = write((db, range: Param<Range>, types?: Param<readonly EventType[]>) =>
  db
    .insertInto('webhook_deliveries')
    .columns(['webhook_id', 'event_id', 'sequence', 'type', 'created_at', 'user_id', 'attempts'])
    .expression((eb) => {
      const found = eb
        .selectFrom('events')
        .select([
          sql<Id>`cast(${range.webhookId} as text)`.as('webhook_id'),
          'id',
          'sequence',
          'type',
          'created_at',
          'user_id',
          sql.lit(0).as('attempts'),
        ])
        .where('service_id', '=', range.serviceId)
        .where('sequence', '>', range.after)
        .where('sequence', '<=', range.until)
        .where('created_at', '>=', range.from)
        .where('created_at', '<=', range.to);
      return types === undefined ? found : found.where('type', 'in', [...types]);
    })
    .onConflict((conflict) => conflict.columns(['webhook_id', 'event_id']).doUpdateSet(fresh)),
);

/** Whether no earlier event of the user is owed to the webhook. */
const isNext = (delivery: string): RawBuilder<boolean> => {
  const of = (column: string) => sql.ref(`${delivery}.${column}`);
  return sql<boolean>`(${of('user_id')} is null or not exists (
    select 1 from webhook_deliveries as earlier
    where earlier.webhook_id = ${of('webhook_id')} and earlier.user_id = ${of('user_id')}
      and earlier.delivered_at is null and earlier.sequence < ${of('sequence')}
  ))`;
};

/** The events of a range that nothing holds back are due. */
const begin = write(
  (db, webhookId: Param<Id>, after: Param<number>, until: Param<number>, now: Param<Instant>) =>
    db
      .updateTable('webhook_deliveries')
      .set({ due_at: now })
      .where('webhook_id', '=', webhookId)
      .where('delivered_at', 'is', null)
      .where('failing_since', 'is', null)
      .where('due_at', 'is', null)
      .where('sequence', '>', after)
      .where('sequence', '<=', until)
      .where(isNext('webhook_deliveries')),
);

const failed = {
  first: sql<boolean>`failing_since is null`,
  repeated: sql<boolean>`failing_since is not null`,
};
type Kind = keyof typeof failed;

/** With the condition of the index `webhook_deliveries_first`, or `webhook_deliveries_repeated`. */
const isDue = (
  db: Kysely<Schema>,
  kind: Kind,
  webhookId: Param<Id>,
  now: Param<Instant>,
  without: Param<readonly Id[]>,
) => {
  const found = db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('delivered_at', 'is', null)
    .where(failed[kind])
    .where('due_at', '<=', now)
    .where(isNext('webhook_deliveries'));
  return without.length === 0 ? found : found.where('event_id', 'not in', [...without]);
};

const dueOf = (kind: Kind) =>
  all(
    (
      db,
      webhookId: Param<Id>,
      now: Param<Instant>,
      without: Param<readonly Id[]>,
      limit: Param<number>,
    ) =>
      isDue(db, kind, webhookId, now, without)
        .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook_id')
        .innerJoin('events', (join) =>
          join
            .onRef('events.service_id', '=', 'webhooks.service_id')
            .onRef('events.sequence', '=', 'webhook_deliveries.sequence'),
        )
        .select(joinedEvent.columns)
        .select('failing_since as failingSince')
        .orderBy('due_at')
        .orderBy('webhook_deliveries.sequence')
        .limit(limit),
    (row): OwedCall => ({ event: joinedEvent.of(row), failingSince: row.failingSince }),
  );
const due = { first: dueOf('first'), repeated: dueOf('repeated') };

const anyOf = (kind: Kind) =>
  one((db, webhookId: Param<Id>, now: Param<Instant>, without: Param<readonly Id[]>) =>
    isDue(db, kind, webhookId, now, without).select('event_id').limit(sql.lit(1)),
  );
const any = { first: anyOf('first'), repeated: anyOf('repeated') };

const counts = { attempts: sql<number>`attempts + 1` };

const markDelivered = one(
  (db, of: Param<Called>, answer: Param<WebhookAnswer>, now: Param<Instant>) =>
    db
      .updateTable('webhook_deliveries')
      .set({
        ...counts,
        due_at: null,
        delivered_at: now,
        failing_since: null,
        failure: null,
        status: answer.status,
        duration_ms: answer.durationMs,
      })
      .where('webhook_id', '=', of.webhookId)
      .where('event_id', '=', of.eventId)
      .returning('user_id as userId'),
);

/** The next event of a user is due. */
const goOn = write((db, webhookId: Param<Id>, userId: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('webhook_deliveries')
    .set({ due_at: now })
    .where('webhook_id', '=', webhookId)
    .where('due_at', 'is', null)
    .where('event_id', '=', (eb) =>
      eb
        .selectFrom('webhook_deliveries as next')
        .select('next.event_id')
        .where('next.webhook_id', '=', webhookId)
        .where('next.user_id', '=', userId)
        .where('next.delivered_at', 'is', null)
        .orderBy('next.sequence')
        .limit(sql.lit(1)),
    ),
);

const putOff = write(
  (
    db,
    of: Param<Called>,
    answer: Param<WebhookAnswer>,
    to: Param<{ readonly dueAt: Instant; readonly failingSince: Instant }>,
  ) =>
    db
      .updateTable('webhook_deliveries')
      .set({
        ...counts,
        due_at: to.dueAt,
        failing_since: to.failingSince,
        failure: answer.failure,
        status: answer.status,
        duration_ms: answer.durationMs,
      })
      .where('webhook_id', '=', of.webhookId)
      .where('event_id', '=', of.eventId),
);

const restart = write((db, webhookId: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('webhook_deliveries')
    .set({ failing_since: null, due_at: now })
    .where('webhook_id', '=', webhookId)
    .where('delivered_at', 'is', null)
    .where('failing_since', 'is not', null),
);

const listedColumns = [
  'event_id as id',
  'type',
  'created_at as createdAt',
  'user_id as userId',
  'attempts',
  'due_at as dueAt',
  'delivered_at as deliveredAt',
  'failure',
  'status',
  'duration_ms as durationMs',
] as const;

const asListed = ({
  failure,
  status,
  durationMs,
  ...row
}: Selection<Schema, 'webhook_deliveries', (typeof listedColumns)[number]>): WebhookDelivery => ({
  ...row,
  state: row.deliveredAt === null ? 'waiting' : 'delivered',
  last: durationMs === null ? null : { failure, status, durationMs },
});

const pageOf = (direction: 'asc' | 'desc', state: 'waiting' | 'delivered' | null) =>
  all((db, webhookId: Param<Id>, limit: Param<number>, after?: Param<Id>, before?: Param<Id>) => {
    let query = db
      .selectFrom('webhook_deliveries')
      .select(listedColumns)
      .where('webhook_id', '=', webhookId);
    if (state !== null) {
      query = query.where('delivered_at', state === 'waiting' ? 'is' : 'is not', null);
    }
    if (after !== undefined) query = query.where('event_id', '>', after);
    if (before !== undefined) query = query.where('event_id', '<', before);
    return query.orderBy('event_id', direction).limit(limit);
  }, asListed);
const pages = {
  asc: {
    all: pageOf('asc', null),
    waiting: pageOf('asc', 'waiting'),
    delivered: pageOf('asc', 'delivered'),
  },
  desc: {
    all: pageOf('desc', null),
    waiting: pageOf('desc', 'waiting'),
    delivered: pageOf('desc', 'delivered'),
  },
};

const prune = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db.deleteFrom('webhook_deliveries').where(sql<boolean>`(webhook_id, event_id) in (
    select webhook_id, event_id from webhook_deliveries where created_at < ${before} limit ${limit}
  )`),
);

const pruneDeleted = counted((db, limit: Param<number>) =>
  db.deleteFrom('webhook_deliveries').where(sql<boolean>`(webhook_id, event_id) in (
    select webhook_id, event_id from webhook_deliveries
    where webhook_id in (select id from webhooks where deleted_at is not null)
    limit ${limit}
  )`),
);

const backlog = one((db) =>
  db
    .selectFrom('webhook_deliveries')
    .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook_id')
    .where(sql<boolean>`webhooks.is_enabled = 1 and webhooks.deleted_at is null`)
    .where('webhooks.leased_until', '>=', sql.lit(0))
    .where('delivered_at', 'is', null)
    .where('failing_since', 'is not', null)
    .select([
      sql<number>`count(*)`.as('failing'),
      sql<number | null>`min(failing_since)`.as('failingSince'),
    ]),
);

/** Before and after every instant. */
const EVER = Number.MAX_SAFE_INTEGER;

/** The events that webhooks are owed. */
export const webhookDeliveriesOn = (on: Connection): WebhookDeliveries => ({
  async owe(webhookId, range, now, limit) {
    const { serviceId, types, after, until: end, from = -EVER, to = EVER } = range;
    const until = (await lastPlace(on)(serviceId, after, limit, end))?.last ?? null;
    if (until === null) return null;
    const of = { webhookId, serviceId, after, until, from, to };
    await owe(on)(of, types.length === 0 ? undefined : types);
    await begin(on)(webhookId, after, until, now);
    return until;
  },
  async due(webhookId, now, without, limits) {
    const owed: OwedCall[] = [];
    for (const kind of ['first', 'repeated'] as const) {
      if (limits[kind] === 0) continue;
      owed.push(...(await due[kind](on)(webhookId, now, without, limits[kind])));
    }
    return owed;
  },
  async isDue(webhookId, now, without) {
    if ((await any.first(on)(webhookId, now, without)) !== null) return true;
    return (await any.repeated(on)(webhookId, now, without)) !== null;
  },
  async markDelivered(of, answer, now) {
    const userId = (await markDelivered(on)(of, answer, now))?.userId ?? null;
    if (userId !== null) await goOn(on)(of.webhookId, userId, now);
  },
  putOff: putOff(on),
  restart: restart(on),
  async list(webhookId, state, { after, before, limit }) {
    if (before !== undefined && after === undefined) {
      const last = pages.desc[state ?? 'all'](on);
      return (await last(webhookId, limit, after, before)).reverse();
    }
    return pages.asc[state ?? 'all'](on)(webhookId, limit, after, before);
  },
  async prune(before, limit) {
    const old = await prune(on)(before, limit);
    return old + (old < limit ? await pruneDeleted(on)(limit - old) : 0);
  },
  async backlog() {
    return (await backlog(on)()) ?? { failing: 0, failingSince: null };
  },
});
