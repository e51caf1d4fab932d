import {
  type Delivery,
  type DeliveryState,
  domainOf,
  type Id,
  type Instant,
  isOfRegistration,
} from '@rekey/domain';
import type {
  Attempts,
  Claim,
  Deliveries,
  ListedDelivery,
  Owed,
  OwnDelivery,
  Waiting,
} from '@rekey/usecases';
import { type ExpressionBuilder, type Kysely, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, asText, guarded, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { joinedToken } from './one-time-tokens.ts';
import { joinedService } from './services.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'channel',
  'kind',
  'token_id as tokenId',
  'user_id as userId',
  'service_id as serviceId',
  'recipient as to',
  'locale',
  'timezone',
  'deadline',
] as const;

type Row = Selection<Schema, 'deliveries', (typeof columns)[number]>;

const joinedDelivery = joined('deliveries', columns, (row: Row): Delivery => row);

type OnDeliveries = ExpressionBuilder<Schema, 'deliveries'>;

/** Literally the condition of the index `deliveries_waiting`. */
const isWaiting = (eb: OnDeliveries) =>
  eb.and([eb('sent_at', 'is', null), eb('dead_at', 'is', null)]);

const waiting = (db: Kysely<Schema>) => db.selectFrom('deliveries').where(isWaiting);

type Queued = Omit<Waiting, 'attempts'> & { readonly attempts: number };

const asWaiting = ({ attempts, ...rest }: Queued): Waiting => ({
  ...rest,
  attempts: attempts === 0 ? 'first' : 'repeated',
});

const queued = (db: Kysely<Schema>) =>
  waiting(db).select([
    'id',
    'user_id as userId',
    'recipient_domain as domain',
    'attempts',
    'due_at as dueAt',
  ]);

/** With the condition of the index `deliveries_first`, or `deliveries_repeated`. */
const after = (attempts: Attempts) =>
  all(
    (db, domain: Param<string>, without: Param<readonly Id[]>, limit: Param<number>) =>
      queued(db)
        .where('attempts', attempts === 'first' ? '=' : '>', sql.lit(0))
        .where('recipient_domain', '>', asText(domain))
        .$if(without.length > 0, (query) =>
          query.where(({ or, eb }) =>
            or([eb('user_id', 'is', null), eb('user_id', 'not in', [...without])]),
          ),
        )
        .orderBy('recipient_domain')
        .orderBy('due_at')
        .limit(limit),
    asWaiting,
  );

const waitingAfter = { first: after('first'), repeated: after('repeated') };

const strays = all(
  (db, tooFar: Param<Instant>, limit: Param<number>) =>
    queued(db).where('due_at', '>', tooFar).orderBy('due_at').limit(limit),
  asWaiting,
);

type Stored = Delivery & { readonly domain: string; readonly sentAt: Instant | null };

const insert = write((db, delivery: Param<Stored>) =>
  db.insertInto('deliveries').values({
    id: delivery.id,
    created_at: delivery.createdAt,
    channel: delivery.channel,
    kind: delivery.kind,
    token_id: delivery.tokenId,
    user_id: delivery.userId,
    service_id: delivery.serviceId,
    recipient: delivery.to,
    recipient_domain: delivery.domain,
    locale: delivery.locale,
    timezone: delivery.timezone,
    deadline: delivery.deadline,
    attempts: sql.lit(0),
    due_at: delivery.createdAt,
    sent_at: delivery.sentAt,
  }),
);

const byId = one((db, id: Param<Id>) =>
  db.selectFrom('deliveries').select(columns).where('id', '=', id),
);

const lease = all(
  (
    db,
    ids: Param<readonly Id[]>,
    now: Param<Instant>,
    tooFar: Param<Instant>,
    until: Param<Instant>,
  ) =>
    db
      // Servers that lease at the same time do not wait for each other.
      .with('free', () =>
        waiting(db)
          .select('id')
          .where('id', 'in', [...ids])
          .where(({ or, eb }) => or([eb('due_at', '<=', now), eb('due_at', '>', tooFar)]))
          .forUpdate()
          .skipLocked(),
      )
      .updateTable('deliveries')
      .set({ attempts: sql`attempts + 1`, due_at: until })
      .where('id', 'in', (eb) => eb.selectFrom('free').select('free.id'))
      .returning('id'),
  ({ id }) => id,
);

const owed = all(
  (db, ids: Param<readonly Id[]>) =>
    db
      .selectFrom('deliveries')
      .innerJoin('one_time_tokens', 'one_time_tokens.id', 'deliveries.token_id')
      .innerJoin('services', 'services.id', 'deliveries.service_id')
      .select('deliveries.attempts')
      .select(joinedDelivery.columns)
      .select(joinedToken.columns)
      .select(joinedService.columns)
      .where('deliveries.id', 'in', [...ids]),
  (row): Owed => ({
    delivery: joinedDelivery.of(row),
    attempt: row.attempts,
    token: joinedToken.of(row),
    service: joinedService.of(row),
  }),
);

/** Changes a delivery only while the claim on it is the latest, and it waits. */
const isClaimed = (claim: Param<Claim>) => (eb: OnDeliveries) =>
  eb.and([eb('id', '=', claim.id), eb('attempts', '=', claim.attempt), isWaiting(eb)]);

const closedColumns = ['id', 'kind', 'token_id as tokenId', 'user_id as userId'] as const;

const markSent = one((db, claim: Param<Claim>, now: Param<Instant>) =>
  db
    .updateTable('deliveries')
    .set({ sent_at: now })
    .where(isClaimed(claim))
    .returning(closedColumns),
);

const putOff = guarded((db, claim: Param<Claim>, at: Param<Instant>, reason: Param<string>) =>
  db.updateTable('deliveries').set({ due_at: at, reason }).where(isClaimed(claim)),
);

const giveUp = one((db, claim: Param<Claim>, now: Param<Instant>, reason: Param<string>) =>
  db
    .updateTable('deliveries')
    .set({ dead_at: now, reason })
    .where(isClaimed(claim))
    .returning(closedColumns),
);

const deleteOrphan = write((db, id: Param<Id>) => db.deleteFrom('deliveries').where('id', '=', id));

const clearToken = write((db, id: Param<Id>) =>
  db
    .updateTable('one_time_tokens')
    .set({ email: sql.lit(''), address: sql.lit(''), client: null, details: null })
    .where('id', '=', id),
);

const orphans = all((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .selectFrom('deliveries')
    .select(['id', 'token_id as tokenId'])
    .where('user_id', 'is', null)
    .where('deadline', '<', before)
    .limit(limit)
    .forUpdate()
    .skipLocked(),
);

/** Leaves nothing of a delivery of nobody. */
async function clear(on: Connection, { id, tokenId }: { readonly id: Id; readonly tokenId: Id }) {
  await deleteOrphan(on)(id);
  await clearToken(on)(tokenId);
}

type Closed = Pick<Delivery, 'id' | 'kind' | 'tokenId' | 'userId'>;

async function closed(on: Connection, delivery: Closed | null): Promise<boolean> {
  // A registration is what the link of its mail is about.
  if (delivery?.userId === null && !isOfRegistration(delivery)) await clear(on, delivery);
  return delivery !== null;
}

const inState = (state: DeliveryState) => (eb: OnDeliveries) =>
  eb.and([
    eb('sent_at', state === 'sent' ? 'is not' : 'is', null),
    eb('dead_at', state === 'dead' ? 'is not' : 'is', null),
  ]);

const listedColumns = [
  'id',
  'created_at as createdAt',
  'channel',
  'kind',
  'recipient as to',
  'deadline',
  'attempts',
  'due_at as dueAt',
  'sent_at as sentAt',
  'dead_at as deadAt',
  'reason',
] as const;

const asListed = <Row extends { sentAt: Instant | null; deadAt: Instant | null }>({
  sentAt,
  deadAt,
  ...listed
}: Row) => ({
  ...listed,
  state:
    sentAt !== null
      ? ('sent' as const)
      : deadAt !== null
        ? ('dead' as const)
        : ('waiting' as const),
  closedAt: sentAt ?? deadAt,
});

const latest = (state: DeliveryState | null) =>
  all(
    (db, limit: Param<number>) =>
      db
        .selectFrom('deliveries')
        .select(listedColumns)
        .where('recipient', '<>', sql.lit(''))
        .$if(state !== null, (query) => query.where(inState(state ?? 'sent')))
        // Ids rise with time.
        .orderBy('id', 'desc')
        .limit(limit),
    (row): ListedDelivery => asListed(row),
  );

const ofUser = all(
  (db, userId: Param<Id>, after: Param<Id>, limit: Param<number>) =>
    db
      .selectFrom('deliveries')
      .innerJoin('one_time_tokens', 'one_time_tokens.id', 'token_id')
      .select(listedColumns.map((column) => `deliveries.${column}` as const))
      .select([
        'deliveries.service_id as serviceId',
        'one_time_tokens.expires_at as linkExpiresAt',
        'one_time_tokens.spent_at as linkSpentAt',
      ])
      .where('deliveries.user_id', '=', userId)
      .where('deliveries.id', '>', after)
      .orderBy('deliveries.id')
      .limit(limit),
  (row): OwnDelivery => asListed(row),
);

const latestIn = { waiting: latest('waiting'), sent: latest('sent'), dead: latest('dead') };
const latestOfAll = latest(null);

/** Walks no more than the two partial indexes, which have the deliveries that are not sent. */
const backlog = one((db) => {
  const everything = waiting(db).where('due_at', '>=', sql.lit(0));
  const count = sql<number>`count(*)`.as('count');
  return db
    .selectNoFrom([
      everything.select(count).as('waiting'),
      db.selectFrom('deliveries').select(count).where('dead_at', '>=', sql.lit(0)).as('dead'),
      everything.select(({ fn }) => fn.min('created_at').as('at')).as('oldestAt'),
      everything.select(({ fn }) => fn.min('due_at').as('at')).as('firstDueAt'),
    ])
    .$narrowType<{ waiting: number; dead: number }>();
});

const isDead = (now: Param<Instant>) => (eb: OnDeliveries) =>
  eb.and([eb('dead_at', 'is not', null), eb('deadline', '>', now)]);

const requeue = guarded((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('deliveries')
    .set({ dead_at: null, due_at: now })
    .where('id', '=', id)
    .where(isDead(now)),
);

const redirect = guarded(
  (db, id: Param<Id>, to: Param<string>, domain: Param<string>, now: Param<Instant>) =>
    db
      .updateTable('deliveries')
      .set({ dead_at: null, due_at: now, recipient: to, recipient_domain: domain })
      .where('id', '=', id)
      .where(isDead(now)),
);

const readdress = write((db, deliveryId: Param<Id>, email: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('one_time_tokens')
    .set({ email, readdressed_at: now })
    .where('id', '=', (eb) =>
      eb.selectFrom('deliveries').select('token_id').where('deliveries.id', '=', deliveryId),
    ),
);

const requeueDead = all((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .updateTable('deliveries')
    .set({ dead_at: null, due_at: now })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('dead_at', '<=', now)
        .where('deadline', '>', now)
        .limit(limit),
    )
    // Again, for a transaction that chose one of these and waited here for another to commit.
    .where(isDead(now))
    .returning(columns),
);

/** The mails that committed changes owe to people outside. */
export const deliveriesOn = (on: Connection): Deliveries => ({
  insert: (delivery, { isClosed } = { isClosed: false }) =>
    insert(on)({
      ...delivery,
      domain: domainOf(delivery.to),
      sentAt: isClosed ? delivery.createdAt : null,
    }),
  get: byId(on),
  waiting: (attempts, domain, without, limit) => waitingAfter[attempts](on)(domain, without, limit),
  stray: strays(on),
  async lease(ids, now, tooFar, until) {
    // Two queries, for an update of SQLite answers columns of its own table only.
    const leased = ids.length === 0 ? [] : await lease(on)(ids, now, tooFar, until);
    return leased.length === 0 ? [] : owed(on)(leased);
  },
  markSent: async (claim, now) => closed(on, await markSent(on)(claim, now)),
  putOff: putOff(on),
  giveUp: async (claim, now, reason) => closed(on, await giveUp(on)(claim, now, reason)),
  list: (state, limit) => (state === null ? latestOfAll : latestIn[state])(on)(limit),
  backlog: async () =>
    (await backlog(on)()) ?? { waiting: 0, dead: 0, oldestAt: null, firstDueAt: null },
  requeue: requeue(on),
  async redirect(id, to, now) {
    const isDue = await redirect(on)(id, to, domainOf(to), now);
    if (isDue) await readdress(on)(id, to, now);
    return isDue;
  },
  requeueDead: requeueDead(on),
  ofUser: ofUser(on),
  async pruneOrphans(before, limit) {
    const found = await orphans(on)(before, limit);
    for (const orphan of found) await clear(on, orphan);
    return found.length;
  },
});
