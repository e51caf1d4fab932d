import type { EventType, Id, IdPage, Instant, Webhook } from '@rekey/domain';
import type { KeptWebhook, Replay, WebhookLease, WebhookPlaces, Webhooks } from '@rekey/usecases';
import { type Kysely, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { rangeOf } from './ranges.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'service_id as serviceId',
  'url',
  'types',
  'description',
  'is_enabled as isEnabled',
  'disabled_at as disabledAt',
  'overlap_ends_at as overlapEndsAt',
] as const;

const keptColumns = [
  ...columns,
  'sealed_secret as sealedSecret',
  'previous_secret as previousSecret',
  'place as after',
  'replay',
] as const;

type Row = Selection<Schema, 'webhooks', (typeof columns)[number]>;
type KeptRow = Selection<Schema, 'webhooks', (typeof keptColumns)[number]>;

const asWebhook = ({ types, isEnabled, ...row }: Row): Webhook => ({
  ...row,
  types: types === '' ? [] : (types.split(' ') as EventType[]),
  isEnabled: isEnabled === 1,
});

const asKept = ({ sealedSecret, previousSecret, after, replay, ...row }: KeptRow): KeptWebhook => ({
  webhook: asWebhook(row),
  sealedSecret,
  previousSecret,
  places: { after, replay: replay === null ? null : (JSON.parse(replay) as Replay) },
});

const asTypes = (types: readonly EventType[]): string => types.join(' ');
const asText = (replay: Replay | null): string | null => replay && JSON.stringify(replay);

type Stored = Omit<Webhook, 'types'> & { readonly types: string };

const insert = write(
  (db, webhook: Param<Stored>, sealedSecret: Param<string>, after: Param<number>) =>
    db.insertInto('webhooks').values({
      id: webhook.id,
      created_at: webhook.createdAt,
      updated_at: webhook.updatedAt,
      service_id: webhook.serviceId,
      url: webhook.url,
      types: webhook.types,
      description: webhook.description,
      is_enabled: webhook.isEnabled,
      disabled_at: webhook.disabledAt,
      overlap_ends_at: webhook.overlapEndsAt,
      sealed_secret: sealedSecret,
      place: after,
      lease: sql.lit(0),
      leased_until: sql.lit(0),
    }),
);

const present = (db: Kysely<Schema>) => db.selectFrom('webhooks').where('deleted_at', 'is', null);

const byId = one(
  (db, id: Param<Id>) => present(db).select(columns).where('id', '=', id),
  asWebhook,
);
const lock = one(
  (db, id: Param<Id>) => present(db).select(keptColumns).where('id', '=', id).forUpdate(),
  asKept,
);

/** A page of the webhooks of one service, or of all. */
const pageOf = (direction: 'asc' | 'desc') =>
  all((db, limit: Param<number>, serviceId?: Param<Id>, after?: Param<Id>, before?: Param<Id>) => {
    let query = present(db).select(columns);
    const { conditions, order } = rangeOf([['service_id', serviceId]], { after, before });
    for (const condition of conditions) query = query.where(condition);
    for (const column of order) query = query.orderBy(column, direction);
    return query.limit(limit);
  }, asWebhook);
const firstOf = pageOf('asc');
const lastOf = pageOf('desc');

const countOf = one((db, serviceId: Param<Id>) =>
  present(db).select(sql<number>`count(*)`.as('count')).where('service_id', '=', serviceId),
);

const update = write((db, webhook: Param<Stored>) =>
  db
    .updateTable('webhooks')
    .set({
      updated_at: webhook.updatedAt,
      url: webhook.url,
      types: webhook.types,
      description: webhook.description,
      is_enabled: webhook.isEnabled,
      disabled_at: webhook.disabledAt,
    })
    .where('id', '=', webhook.id),
);

const rotate = write(
  (
    db,
    id: Param<Id>,
    sealedSecret: Param<string>,
    overlapEndsAt: Param<Instant>,
    now: Param<Instant>,
  ) =>
    db
      .updateTable('webhooks')
      .set({
        previous_secret: sql`sealed_secret`,
        sealed_secret: sealedSecret,
        overlap_ends_at: overlapEndsAt,
        updated_at: now,
      })
      .where('id', '=', id),
);

const setReplay = write((db, id: Param<Id>, replay: Param<string>) =>
  db.updateTable('webhooks').set({ replay }).where('id', '=', id),
);

const removed = (column: 'id' | 'service_id') =>
  write((db, id: Param<Id>, now: Param<Instant>) =>
    db
      .updateTable('webhooks')
      .set({
        deleted_at: now,
        updated_at: now,
        is_enabled: sql.lit(0),
        url: sql.lit(''),
        sealed_secret: sql.lit(''),
        previous_secret: null,
      })
      .where(column, '=', id)
      .where('deleted_at', 'is', null),
  );
const remove = removed('id');
const removeAllOf = removed('service_id');

/** Literally the condition of the index `webhooks_enabled`. */
const isEnabled = sql<boolean>`is_enabled = 1 and deleted_at is null`;

const isBehind = sql<boolean>`(webhooks.replay is not null or exists (
  select 1 from feeds
  where feeds.service_id = webhooks.service_id and feeds.last > webhooks.place
))`;

const withWork = all(
  (db, now: Param<Instant>, limit: Param<number>) =>
    db
      .selectFrom('webhooks')
      .select('id')
      .where(sql<boolean>`webhooks.is_enabled = 1 and webhooks.deleted_at is null`)
      .where('leased_until', '<=', now)
      .where(sql<boolean>`exists (
        select 1 from services where services.id = webhooks.service_id and services.is_enabled = 1
      )`)
      .where(sql<boolean>`(${isBehind} or exists (
        select 1 from webhook_deliveries as owed
        where owed.webhook_id = webhooks.id and owed.delivered_at is null
          and owed.failing_since is null and owed.due_at <= ${now}
      ) or exists (
        select 1 from webhook_deliveries as owed
        where owed.webhook_id = webhooks.id and owed.delivered_at is null
          and owed.failing_since is not null and owed.due_at <= ${now}
      ))`)
      .orderBy('leased_until')
      .limit(limit),
  ({ id }) => id,
);

const lease = all((db, ids: Param<readonly Id[]>, now: Param<Instant>, until: Param<Instant>) =>
  db
    // Servers that lease at the same time do not wait for each other.
    .with('free', () =>
      db
        .selectFrom('webhooks')
        .select('id')
        .where('id', 'in', [...ids])
        .where('leased_until', '<=', now)
        .where('deleted_at', 'is', null)
        .forUpdate()
        .skipLocked(),
    )
    .updateTable('webhooks')
    .set({ lease: sql`lease + 1`, leased_until: until })
    .where('id', 'in', (eb) => eb.selectFrom('free').select('free.id'))
    .returning(['id', 'lease as number']),
);

const hold = one(
  (db, { id, number }: Param<WebhookLease>, until: Param<Instant>) =>
    db
      .updateTable('webhooks')
      .set({ leased_until: until })
      .where('id', '=', id)
      .where('lease', '=', number)
      .where(isEnabled)
      .returning(keptColumns),
  asKept,
);

const release = write((db, id: Param<Id>) =>
  db
    .updateTable('webhooks')
    .set({ leased_until: sql.lit(0) })
    .where('id', '=', id),
);

const behind = one((db, id: Param<Id>) =>
  db.selectFrom('webhooks').select('id').where('id', '=', id).where(isBehind),
);

const move = write((db, id: Param<Id>, after: Param<number>, replay: Param<string | null>) =>
  db.updateTable('webhooks').set({ place: after, replay }).where('id', '=', id),
);

const prune = counted((db, limit: Param<number>) =>
  db.deleteFrom('webhooks').where('id', 'in', (eb) =>
    eb
      .selectFrom('webhooks')
      .select('id')
      .where('deleted_at', 'is not', null)
      .where(
        sql<boolean>`not exists (
          select 1 from webhook_deliveries as owed where owed.webhook_id = webhooks.id
        )`,
      )
      .limit(limit),
  ),
);

const countDisabled = one((db) =>
  db
    .selectFrom('webhooks')
    .select(sql<number>`count(*)`.as('count'))
    .where(sql<boolean>`is_enabled = 0 and deleted_at is null`)
    .where('disabled_at', '>=', sql.lit(0)),
);

/** The addresses of services that are called with events. */
export const webhooksOn = (on: Connection): Webhooks => ({
  insert: ({ types, ...webhook }, sealedSecret, after) =>
    insert(on)({ ...webhook, types: asTypes(types) }, sealedSecret, after),
  get: byId(on),
  lock: lock(on),
  async list({ serviceIds }, page) {
    if (serviceIds === undefined) return pageFrom(on, undefined, page);
    // A service has a few.
    const found: Webhook[] = [];
    for (const id of new Set(serviceIds)) found.push(...(await pageFrom(on, id, page)));
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return isLast(page) ? found.slice(-page.limit) : found.slice(0, page.limit);
  },
  countOf: async (serviceId) => (await countOf(on)(serviceId))?.count ?? 0,
  update: ({ types, ...webhook }) => update(on)({ ...webhook, types: asTypes(types) }),
  rotate: rotate(on),
  replay: (id, replay) => setReplay(on)(id, JSON.stringify(replay)),
  delete: remove(on),
  deleteAllOf: removeAllOf(on),
  withWork: withWork(on),
  lease: async (ids, now, until) => lease(on)(ids, now, until),
  hold: hold(on),
  release: ({ id }) => release(on)(id),
  isBehind: async (id) => (await behind(on)(id)) !== null,
  move: (id, { after, replay }: WebhookPlaces) => move(on)(id, after, asText(replay)),
  prune: prune(on),
  countDisabled: async () => (await countDisabled(on)())?.count ?? 0,
});

/** Whether the rows before an id are meant, and not those after one. */
const isLast = ({ after, before }: IdPage) => before !== undefined && after === undefined;

async function pageFrom(on: Connection, serviceId: Id | undefined, page: IdPage) {
  const { after, before, limit } = page;
  if (isLast(page)) return (await lastOf(on)(limit, serviceId, after, before)).reverse();
  return firstOf(on)(limit, serviceId, after ?? '', before);
}
