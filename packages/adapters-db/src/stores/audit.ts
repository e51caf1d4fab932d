import {
  type AuditChain,
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  type Id,
  type Instant,
  isCustom,
  type JsonObject,
  keyMakingTypes,
} from '@rekey/domain';
import type { Audit, AuditedKey, AuditFilter } from '@rekey/usecases';
import { type ExpressionBuilder, type Selection, type SelectQueryBuilder, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { nameOf, OPERATOR, ownerOf } from './chain-names.ts';
import { pendingEntry, type Told } from './pending.ts';
import { askAll, inPieces } from './pieces.ts';
import { bySize, firstRows } from './ranges.ts';

const chainColumns = [
  'chain',
  'length',
  'hash',
  'pruned',
  'pruned_hash as prunedHash',
  'pruned_until as prunedUntil',
  'seal',
] as const;

const entryColumns = [
  'id',
  'created_at as createdAt',
  'chain',
  'sequence',
  'type',
  'outcome',
  'status_code as statusCode',
  'user_id as userId',
  'key_id as keyId',
  'user_key_id as userKeyId',
  'subject',
  'address',
  'client',
  'forwarded',
  'data',
  'salt',
  'text_digest as textDigest',
  'count',
  'previous_hash as previousHash',
  'hash',
] as const;

type TextRow = Pick<
  Schema['audit_entries'],
  'subject' | 'address' | 'client' | 'forwarded' | 'data'
>;

const textRow = ({ subjectId, subject, origin, data }: AuditEntry): TextRow => ({
  subject: subjectId ?? subject,
  address: origin?.address ?? null,
  client: origin?.client ?? null,
  forwarded: origin?.forwarded ?? null,
  data: data && JSON.stringify(data),
});

type ChainRow = Selection<Schema, 'audit_chains', (typeof chainColumns)[number]>;
type EntryRow = Selection<Schema, 'audit_entries', (typeof entryColumns)[number]>;

const asChain = ({ chain, ...row }: ChainRow): AuditChain => ({
  serviceId: ownerOf(chain),
  ...row,
});

/** The data of an entry. A text that is no JSON was not written here: it is shown to be verified, and not to be trusted. */
function read(data: string): JsonObject {
  try {
    return JSON.parse(data);
  } catch {
    return { unreadable: data };
  }
}

const asEntry = ({
  chain,
  subject,
  address,
  client,
  forwarded,
  data,
  ...row
}: EntryRow): AuditEntry => ({
  ...row,
  serviceId: ownerOf(chain),
  subjectId: isCustom(row.type) ? null : subject,
  subject: isCustom(row.type) ? subject : null,
  origin: address === null ? null : { address, client, ...(forwarded !== null && { forwarded }) },
  data: data === null ? null : read(data),
});

/** An entry as a row. */
const auditRow = (entry: AuditEntry) => ({
  id: entry.id,
  created_at: entry.createdAt,
  chain: nameOf(entry.serviceId),
  sequence: entry.sequence,
  type: entry.type,
  outcome: entry.outcome,
  status_code: entry.statusCode,
  user_id: entry.userId,
  key_id: entry.keyId,
  user_key_id: entry.userKeyId,
  ...textRow(entry),
  salt: entry.salt,
  text_digest: entry.textDigest,
  count: entry.count,
  previous_hash: entry.previousHash,
  hash: entry.hash,
});

/** Adds entries. */
const insertEntries = write((db, rows: Param<readonly ReturnType<typeof auditRow>[]>) =>
  db.insertInto('audit_entries').values(
    rows.map((row) => ({
      id: row.id,
      created_at: row.created_at,
      chain: row.chain,
      sequence: row.sequence,
      type: row.type,
      outcome: row.outcome,
      status_code: row.status_code,
      user_id: row.user_id,
      key_id: row.key_id,
      user_key_id: row.user_key_id,
      subject: row.subject,
      address: row.address,
      client: row.client,
      forwarded: row.forwarded,
      data: row.data,
      salt: row.salt,
      text_digest: row.text_digest,
      count: row.count,
      previous_hash: row.previous_hash,
      hash: row.hash,
    })),
  ),
);

type ChainOfRow = Omit<AuditChain, 'serviceId'> & { readonly chain: string };

/** Replaces where chains end. */
const extend = write((db, chains: Param<readonly ChainOfRow[]>) =>
  db
    .insertInto('audit_chains')
    .values(
      chains.map((each) => ({
        chain: each.chain,
        length: each.length,
        hash: each.hash,
        pruned: each.pruned,
        pruned_hash: each.prunedHash,
        pruned_until: each.prunedUntil,
        seal: each.seal,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('chain').doUpdateSet((eb) => ({
        length: eb.ref('excluded.length'),
        hash: eb.ref('excluded.hash'),
        seal: eb.ref('excluded.seal'),
      })),
    ),
);

const chainsOf = all(
  (db, names: Param<readonly string[]>) =>
    db
      .selectFrom('audit_chains')
      .select(chainColumns)
      .where('chain', 'in', [...names]),
  asChain,
);

const locked = one(
  (db, id: Param<Id>) =>
    db.selectFrom('audit_entries').select(entryColumns).where('id', '=', id).forUpdate(),
  asEntry,
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('audit_entries').select(entryColumns).where('id', '=', id),
  asEntry,
);

const byIds = all(
  (db, ids: Param<Id[]>) =>
    db.selectFrom('audit_entries').select(entryColumns).where('id', 'in', ids),
  asEntry,
);

/** Of expressions, so that nothing is found by them: many entries have a type in common, and few a subject. */
const plainType = sql<string>`type || ''`;
const plainChain = sql<string>`chain || ''`;

const amendmentsOf = all(
  (db, ids: Param<Id[]>) =>
    db
      .selectFrom('audit_entries')
      .select(entryColumns)
      .where('subject', 'in', ids)
      .where(plainType, '=', sql.lit('sso:AuditUpdate')),
  asEntry,
);

/** The part of a list that one index has in its order. */
type Branch = { readonly chain: string; readonly value: string };
type Key = 'type' | 'subject' | 'user_id';

const union = <All, Tables extends keyof All, Row>(
  parts: readonly SelectQueryBuilder<All, Tables, Row>[],
) => parts.reduce((all, each) => all.unionAll(each));

/**
 * The first places of several branches, which are merged as they are read: hardly more is read than is answered, however
 * many entries there are. `key`: the column that finds them, null for the chain alone; without a chain they go by time.
 */
const placesBy = (key: Key | 'id' | null, hasChain: boolean, order: 'asc' | 'desc') =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        low: Param<AuditPlace>,
        high: Param<AuditPlace>,
        branches: Param<Branch[]>,
        ids?: Param<Id[]>,
        types?: Param<string[]>,
        subjects?: Param<string[]>,
        userIds?: Param<Id[]>,
        chains?: Param<string[]>,
      ) => {
        const find = ({ chain, value }: Param<Branch>) => {
          let found = db
            .selectFrom('audit_entries')
            .select(['created_at as createdAt', 'id'])
            .where(
              order === 'asc'
                ? sql<boolean>`(created_at, id) > (${low.createdAt}, ${low.id})`
                : sql<boolean>`(created_at, id) < (${high.createdAt}, ${high.id})`,
            )
            .where(
              order === 'asc'
                ? sql<boolean>`created_at <= ${high.createdAt}`
                : sql<boolean>`created_at >= ${low.createdAt}`,
            );
          if (hasChain) found = found.where('chain', '=', chain);
          if (key !== null && key !== 'id') found = found.where(key, '=', sql<never>`${value}`);
          if (ids) found = found.where('id', 'in', ids);
          // As expressions, so that no other index seems to be of use.
          for (const [name, values] of Object.entries({
            type: types,
            subject: subjects,
            user_id: userIds,
            chain: chains,
          })) {
            if (values) found = found.where(sql`${sql.ref(name)} || ''`, 'in', values);
          }
          if (key !== 'type' && !types) {
            found = found.where('type', '<>', sql.lit('sso:AuditUpdate' as const));
          }
          return found;
        };
        const inOrder = <All, Tables extends keyof All>(
          rows: SelectQueryBuilder<All, Tables, AuditPlace>,
        ) => rows.orderBy('createdAt', order).orderBy('id', order);
        const found = branches.map(find);
        // A few ids are sorted more cheaply than they are found by time.
        if (key === 'id') return union(found);
        // PostgreSQL merges what is in order already, and SQLite takes a query around a part that is.
        const parts = found.map((each) => db.selectFrom(inOrder(each).as('page')).selectAll());
        return firstRows(db, inOrder(union(parts)), size, limit);
      },
    ),
  );

const orders = ['asc', 'desc'] as const;
const keysOfList = ['user_id', 'subject', 'type'] as const;
const kindsOfList = [
  { key: 'id', hasChain: false },
  // Few entries are about a user or a thing, at whatever service.
  { key: 'user_id', hasChain: false },
  { key: 'subject', hasChain: false },
  { key: 'type', hasChain: true },
  { key: null, hasChain: true },
  { key: null, hasChain: false },
] as const;

/** One query for each index that a list can go by. */
const places = new Map(
  orders.flatMap((order) =>
    kindsOfList.map(({ key, hasChain }) => [
      `${order} ${key} ${hasChain}`,
      placesBy(key, hasChain, order),
    ]),
  ),
);

/** How many values a query has, and how many branches a list: few lengths, so that few queries are built. */
const VALUES = [1, 8, 64] as const;
const BRANCHES = [1, 4, 16] as const;

type Sizes = readonly [number, number, number];

/** A list with something at its end that changes no answer, so that it has one of these lengths. */
function padded<T>(values: readonly T[], filler = values.at(-1) as T, sizes: Sizes = VALUES): T[] {
  const size = sizes.find((each) => each >= values.length) ?? sizes[2];
  return [...values, ...Array.from({ length: size - values.length }, () => filler)];
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)];
const maybe = (values: readonly string[] | undefined) => values && padded(distinct(values));

function chunksOf<T>(values: readonly T[], [, , size]: Sizes = VALUES): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size));
  return chunks;
}

/** All that a query answers for each of many values, a few at a time. */
async function eachOf<T>(values: readonly Id[], ask: (some: Id[]) => Promise<T[]>): Promise<T[]> {
  const found: T[] = [];
  for (const some of chunksOf(distinct(values))) found.push(...(await ask(padded(some))));
  return found;
}

async function list(on: Connection, filter: AuditFilter, limit: number): Promise<AuditPlace[]> {
  const { serviceIds, ids, types, subjects, userIds, from, to, after, isDescending } = filter;
  const order = isDescending ? 'desc' : 'asc';
  const compare = (a: AuditPlace, b: AuditPlace) =>
    (isDescending ? -1 : 1) * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const first = isDescending ? { createdAt: to + 1, id: '' } : { createdAt: from, id: '' };
  const begin = after && compare(first, after) < 0 ? after : first;
  const end = { createdAt: isDescending ? from : to, id: '' };

  if ([serviceIds, ids, types, subjects, userIds].some((values) => values?.length === 0)) return [];

  const listed = { user_id: userIds, subject: subjects, type: types };
  const found = ids ? 'id' : keysOfList.find((name) => listed[name]);
  const key = found ?? null;
  const rest = { ...listed, ...(key !== null && { [key]: undefined }) };
  const owned = serviceIds && distinct(serviceIds.map(nameOf));
  const hasChain = (key === null || key === 'type') && owned !== undefined;
  const values = key === null || key === 'id' ? [''] : distinct(listed[key] ?? []);
  const branches = (hasChain ? owned : ['']).flatMap((chain) =>
    values.map((value) => ({ chain, value })),
  );
  const chains = hasChain || owned === undefined ? [undefined] : chunksOf(owned);

  const ask = places.get(`${order} ${key} ${hasChain}`);
  if (!ask) throw new Error('a list by types alone names its chains');
  const pages: AuditPlace[] = [];
  for (const some of chunksOf(branches, BRANCHES)) {
    for (const someChains of chains) {
      const page = await ask(limit)(on)(
        limit,
        isDescending ? end : begin,
        isDescending ? begin : end,
        padded(some, { chain: '', value: '' }, BRANCHES),
        maybe(ids),
        maybe(rest.type),
        maybe(rest.subject),
        maybe(rest.user_id),
        maybe(someChains),
      );
      pages.push(...page);
    }
  }
  return pages.sort(compare).slice(0, limit);
}

const provenBy = all(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('keys')
      .select('id')
      .where('keys.user_id', '=', userId)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('audit_entries')
            .select('audit_entries.id')
            .whereRef('user_key_id', '=', 'keys.id')
            .where(sql<boolean>`audit_entries.user_id is distinct from ${userId}`),
        ),
      ),
  ({ id }) => id,
);

/** The words of an entry are erased; the subject of one of Rekey's own is an id. */
const noText = {
  subject: sql<string | null>`case when type like 'sso:%' or type like 'rekey:%' then subject end`,
  address: null,
  client: null,
  forwarded: null,
  data: null,
  salt: null,
};

/** What a deletion says of itself is not about the person. */
const OF_DELETIONS = ['sso:UserDelete', 'rekey:UserExpire'].map((type) => sql.lit(type));

const eraseAbout = write((db, userIds: Param<Id[]>) =>
  db
    .updateTable('audit_entries')
    .set(noText)
    .where('user_id', 'in', userIds)
    .where('salt', 'is not', null)
    .where(plainType, 'not in', OF_DELETIONS),
);

const eraseProven = write((db, keyIds: Param<Id[]>) =>
  db
    .updateTable('audit_entries')
    .set(noText)
    .where('user_key_id', 'in', keyIds)
    .where('salt', 'is not', null),
);

const erasedOf = all(
  (db, ids: Param<Id[]>) =>
    db
      .selectFrom('audit_entries')
      .select('subject')
      .where('subject', 'in', ids)
      .where(plainChain, '=', sql.lit(OPERATOR))
      .where(plainType, '=', sql.lit('rekey:AuditErase')),
  ({ subject }) => subject ?? '',
);

const size = one((db) =>
  db
    .selectFrom('audit_chains')
    .select(sql<number>`cast(coalesce(sum(length - pruned), 0) as bigint)`.as('entries')),
);

const chains = all(
  (db) => db.selectFrom('audit_chains').select('chain'),
  ({ chain }) => ownerOf(chain),
);

const byName = one(
  (db, chain: Param<string>) =>
    db.selectFrom('audit_chains').select(chainColumns).where('chain', '=', chain),
  asChain,
);

const following = all(
  (db, chain: Param<string>, sequence: Param<number>, limit: Param<number>) =>
    db
      .selectFrom('audit_entries')
      .select(entryColumns)
      .where('chain', '=', chain)
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(limit),
  asEntry,
);

const pruneEntries = write((db, chain: Param<string>, pruned: Param<number>) =>
  db.deleteFrom('audit_entries').where('chain', '=', chain).where('sequence', '<=', pruned),
);

const shorten = write((db, name: Param<string>, chain: Param<AuditChain>) =>
  db
    .updateTable('audit_chains')
    .set({
      pruned: chain.pruned,
      pruned_hash: chain.prunedHash,
      pruned_until: chain.prunedUntil,
      seal: chain.seal,
    })
    .where('chain', '=', name),
);

const keys = all(
  (db, after: Param<Id>, limit: Param<number>) =>
    db
      .selectFrom('keys')
      .select(['id', 'created_at as createdAt', 'service_id as serviceId'])
      .select(({ exists, selectFrom }) =>
        exists(
          selectFrom('audit_entries')
            .select('sequence')
            .whereRef('subject', '=', 'keys.id')
            // No equation: PostgreSQL would read the whole audit to look keys up in it.
            .where(
              sql<boolean>`(chain <> coalesce(keys.service_id, ${sql.lit(OPERATOR)})) is false`,
            )
            .where(
              plainType,
              'in',
              keyMakingTypes.map((type) => sql.lit(type)),
            ),
        ).as('isRecorded'),
      )
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
  (row): AuditedKey => ({ ...row, isRecorded: Boolean(row.isRecorded) }),
);

type SumRow = Schema['audit_sums'];

const addToSum = write((db, sum: Param<SumRow>) =>
  db
    .insertInto('audit_sums')
    .values({
      ends_at: sum.ends_at,
      chain: sum.chain,
      type: sum.type,
      network: sum.network,
      count: sum.count,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['ends_at', 'chain', 'type', 'network'])
        .doUpdateSet((eb) => ({ count: eb('audit_sums.count', '+', eb.ref('excluded.count')) })),
    ),
);

const firstSum = one((db, now: Param<Instant>) =>
  db
    .selectFrom('audit_sums')
    .select(['ends_at', 'chain', 'type'])
    .where('ends_at', '<=', now)
    .orderBy('ends_at')
    .orderBy('chain')
    .orderBy('type')
    .limit(sql.lit(1)),
);

const takeSums = all(
  (db, of: Param<Pick<SumRow, 'ends_at' | 'chain' | 'type'>>, limit: Param<number>) => {
    const isOf = (eb: ExpressionBuilder<Schema, 'audit_sums'>) =>
      eb.and([
        eb('ends_at', '=', of.ends_at),
        eb('chain', '=', of.chain),
        eb('type', '=', of.type),
      ]);
    return (
      db
        // A transaction that takes some at the same time takes others, and waits for nobody.
        .with('taken', (cte) =>
          cte
            .selectFrom('audit_sums')
            .select('network')
            .where(isOf)
            .limit(limit)
            .forUpdate()
            .skipLocked(),
        )
        .deleteFrom('audit_sums')
        .where(isOf)
        .where('network', 'in', (eb) => eb.selectFrom('taken').select('taken.network'))
        .returning(['ends_at', 'chain', 'type', 'network', 'count'])
    );
  },
  ({ ends_at: endsAt, chain, network, ...row }): AuditSum => ({
    ...row,
    endsAt,
    serviceId: ownerOf(chain),
    network: network || null,
  }),
);

/** The record of what happened, in chains. */
export const auditOn = (on: Connection, told: Told): Audit => ({
  insert: async (entries) => told.add(entries.map(pendingEntry)),

  async append(entries, chains) {
    const rows = chains.map(({ serviceId, ...chain }) => ({ ...chain, chain: nameOf(serviceId) }));
    await inPieces(rows, extend(on));
    await inPieces(entries.map(auditRow), insertEntries(on));
  },

  chains: (owners) => askAll([...new Set(owners)].map(nameOf), chainsOf(on)),

  lock: locked(on),
  get: byId(on),

  list: (filter, limit) => list(on, filter, limit),
  getAll: (ids) => eachOf(ids, byIds(on)),
  amendments: async (ids) =>
    (await eachOf(ids, amendmentsOf(on))).toSorted((a, b) => a.sequence - b.sequence),

  async erase(userId) {
    const proven = await provenBy(on)(userId);
    await eraseAbout(on)([userId]);
    for (const some of chunksOf(proven)) await eraseProven(on)(padded(some));
    return proven;
  },

  async eraseAgain(ids) {
    for (const some of chunksOf(ids)) {
      await eraseAbout(on)(padded(some));
      await eraseProven(on)(padded(some));
    }
  },

  erased: async (ids) => distinct(await eachOf(ids, erasedOf(on))),

  count: async () => (await size(on)())?.entries ?? 0,
  owners: chains(on),
  chain: (serviceId) => byName(on)(nameOf(serviceId)),
  follow: (serviceId, sequence, limit) => following(on)(nameOf(serviceId), sequence, limit),

  async prune(chain) {
    const name = nameOf(chain.serviceId);
    await pruneEntries(on)(name, chain.pruned);
    await shorten(on)(name, chain);
  },

  keys: keys(on),

  addToSum: ({ endsAt: ends_at, serviceId, network, ...sum }) =>
    addToSum(on)({ ...sum, ends_at, chain: nameOf(serviceId), network: network ?? '' }),

  async takeSums(now, limit) {
    const first = await firstSum(on)(now);
    return first ? takeSums(on)(first, limit) : [];
  },
});
