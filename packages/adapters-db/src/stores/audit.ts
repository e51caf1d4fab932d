import {
  type AuditChain,
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  type Id,
  type Instant,
  keyMakingTypes,
} from '@rekey/domain';
import type { Audit, AuditedKey, AuditFilter } from '@rekey/usecases';
import {
  type ExpressionBuilder,
  type Kysely,
  type RawBuilder,
  type Selection,
  type SelectQueryBuilder,
  sql,
} from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import {
  digests as digestOctets,
  ids as idOctets,
  NO_TEXT,
  types as typeOctets,
} from './audit-octets.ts';
import {
  asEntry,
  asRow,
  OCTETS,
  type PlainRow,
  packed,
  packedId,
  plain,
  REST_SIZE,
  type ReadRow,
  readId,
  timeIn,
} from './audit-rows.ts';
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

/** Places that each chain has: a number in the database, for the one that chains take. */
const PLACES = sql.lit(2 ** 40);
const chainNumber = sql<number>`place / ${PLACES}`;
/** As the indexes have it. */
const indexedChain = sql<number>`cast(place / ${PLACES} as integer)`;
const chainWithType = sql<number>`cast(place / ${PLACES} as integer) + 0`;
const timeInChain = sql<number>`created_at + 0`;
/** The entries about a user or a thing are in the order of spans of twelve days, and sorted within these. */
const SPAN_MS = 2 ** 30;
const indexedSpan = sql<number>`cast(created_at / ${sql.lit(SPAN_MS)} as integer)`;
const spanOf = (instant: Instant): number => Math.floor(instant / SPAN_MS);

const nameWith = (number: RawBuilder<unknown>) =>
  sql<string | null>`(select name from audit_names where number = ${number})`;
const hexOf = (octets: RawBuilder<unknown>) => sql<string | null>`hex(${octets})`;
/** Where the entry before is pruned, its hash is kept by the chain. */
const hashBefore = sql<string | null>`coalesce(
  (select coalesce(${nameWith(sql.ref('before.kid'))}, '') || ':' || ${hexOf(sql.ref('before.hash'))}
    from audit_entries as before where before.place = audit_entries.place - 1),
  (select pruned_hash from audit_chains
    where number = ${chainNumber} and pruned = place % ${PLACES} - 1))`;

export const entriesIn = (db: Kysely<Schema>) =>
  db
    .selectFrom('audit_entries')
    .select(['created_at', 'outcome', 'status_code', 'count'])
    .select(OCTETS.map((column) => hexOf(sql.ref(column)).as(column)))
    .select([
      sql<string>`(select chain from audit_chains where number = ${chainNumber})`.as('chain'),
      sql<number>`place % ${PLACES}`.as('sequence'),
      nameWith(sql`key_id`).as('key_id'),
      nameWith(sql`kid`).as('kid'),
      hashBefore.as('hashBefore'),
    ]);

/** The query for all entries of a chain, in their order. */
export const entriesOfChain = (db: Kysely<Schema>, number: number): string =>
  entriesIn(db)
    .where(sql<boolean>`place > ${sql.lit(number)} * ${PLACES}`)
    .where(sql<boolean>`place < ${sql.lit(number + 1)} * ${PLACES}`)
    .orderBy('place')
    .compile().sql;

type ChainRow = Selection<Schema, 'audit_chains', (typeof chainColumns)[number]>;

const asChain = ({ chain, ...row }: ChainRow): AuditChain => ({
  serviceId: ownerOf(chain),
  ...row,
});

const entryOf = (row: ReadRow) => asEntry(plain(row));

/** A row to be added, with the place of its entry. */
type NewRow = Omit<Schema['audit_entries'], 'place'> & {
  readonly number: number;
  readonly sequence: number;
};

const placeOf = (number: Param<number>, sequence: Param<number>) =>
  sql<number>`cast(${number} as bigint) * ${PLACES} + cast(${sequence} as bigint)`;

/** Adds entries. */
const insertEntries = write((db, rows: Param<readonly NewRow[]>) =>
  db.insertInto('audit_entries').values(
    rows.map((row) => ({
      place: placeOf(row.number, row.sequence),
      created_at: row.created_at,
      id: row.id,
      type: row.type,
      outcome: row.outcome,
      status_code: row.status_code,
      count: row.count,
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
      kid: row.kid,
      hash: row.hash,
    })),
  ),
);

/** Adds entries of chains that have their numbers. Needs the turn of `Pending`, or the whole database. */
export async function insertPlain(on: Connection, rows: readonly PlainRow[]): Promise<void> {
  const names = distinct(rows.map(({ chain }) => chain));
  const found = await askAll(names, numbersOf(on));
  const numbers = new Map(found.map(({ chain, number }) => [chain, number]));
  const named = rows.map((row) => ({ ...packed(row), chain: row.chain, sequence: row.sequence }));
  const nameNumbers = await numbersOfNames(
    on,
    named.flatMap(({ key_id, kid }) => [key_id ?? [], kid ?? []].flat()),
  );
  const numbered = (name: string | null) =>
    name === null ? null : (nameNumbers.get(name) ?? null);
  const packedRows = named.map(({ chain, key_id, kid, ...row }) => {
    const number = numbers.get(chain);
    if (number === undefined) throw new Error(`the chain ${chain} is not there`);
    return { ...row, number, key_id: numbered(key_id), kid: numbered(kid) };
  });
  await inPieces(packedRows, insertEntries(on));
}

const numbersOf = all((db, names: Param<readonly string[]>) =>
  db
    .selectFrom('audit_chains')
    .select(['chain', 'number'])
    .where('chain', 'in', [...names]),
);

const namesIn = all((db, names: Param<readonly string[]>) =>
  db
    .selectFrom('audit_names')
    .select(['name', 'number'])
    .where('name', 'in', [...names]),
);

const addNames = write((db, names: Param<readonly string[]>) =>
  db.insertInto('audit_names').values(
    names.map((name, index) => ({
      number: sql<number>`(select coalesce(max(number), 0) from audit_names) + ${sql.lit(index + 1)}`,
      name,
    })),
  ),
);

/** The numbers of names, which are given to the ones that have none yet. */
async function numbersOfNames(
  on: Connection,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const all = distinct(names);
  const ask = async () =>
    new Map((await askAll(all, namesIn(on))).map(({ name, number }) => [name, number]));
  const known = await ask();
  const added = all.filter((name) => !known.has(name));
  if (added.length === 0) return known;
  await inPieces(added, addNames(on));
  return ask();
}

type ChainOfRow = Omit<AuditChain, 'serviceId'> & { readonly chain: string };

/** Replaces where chains end. */
const extend = write((db, chains: Param<readonly ChainOfRow[]>) =>
  db
    .insertInto('audit_chains')
    .values(
      chains.map((each, index) => ({
        chain: each.chain,
        // One that is there keeps its own.
        number: sql<number>`(select coalesce(max(number), 0) from audit_chains) + ${sql.lit(index + 1)}`,
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

/** Entries that were made when their ids say, and the others of these milliseconds: few, and sooner read than left out. */
const byTime = (db: Kysely<Schema>, times: Param<Instant[]>) =>
  entriesIn(db).where('created_at', 'in', times);
/** Entries that were made at another time than their ids say. */
const byWholeId = (db: Kysely<Schema>, wholes: Param<Buffer[]>) =>
  entriesIn(db).where('id', 'in', wholes).where(hasWholeId);
const hasWholeId = sql<boolean>`length(id) <> ${sql.lit(REST_SIZE)}`;

const looks = {
  byTime: all((db, times: Param<Instant[]>, _?: Param<Buffer[]>) => byTime(db, times), entryOf),
  byWholeId: all(byWholeId, entryOf),
};
const locks = {
  byTime: all((db, times: Param<Instant[]>, rests?: Param<Buffer[]>) => {
    const found = byTime(db, times).forUpdate();
    return rests ? found.where('id', 'in', rests) : found;
  }, entryOf),
  byWholeId: all((db, ids: Param<Buffer[]>) => byWholeId(db, ids).forUpdate(), entryOf),
};

/** What short ids say: when the entries were made, and the rest. */
function shortIds(ids: readonly Id[]) {
  const times: Instant[] = [];
  const rests: Buffer[] = [];
  for (const id of ids) {
    const octets = idOctets.encode(id);
    const time = timeIn(octets);
    if (time === null) continue;
    times.push(time);
    rests.push(octets.subarray(-REST_SIZE));
  }
  return { times, rests };
}

/** Entries by their ids, nearly all of which were made when these say. */
async function find(on: Connection, ids: readonly Id[], by = looks): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  for (const some of chunksOf(distinct(ids))) {
    const { times, rests } = shortIds(some);
    if (times.length === 0) continue;
    const page = await by.byTime(on)(padded(times), padded(rests));
    const isAsked = new Set(some);
    found.push(...page.filter(({ id }) => isAsked.has(id)));
  }
  const isFound = new Set(found.map(({ id }) => id));
  const others = distinct(ids).filter((id) => !isFound.has(id));
  for (const some of chunksOf(others)) {
    found.push(...(await by.byWholeId(on)(padded(some.map(octetsOf)))));
  }
  return found;
}

const auditUpdate = sql<Buffer>`${typeOctets.encode('sso:AuditUpdate')}`;
/** Of expressions, so that nothing is found by them: many entries have a type in common, and few a subject. */
const plainType = sql<Buffer>`coalesce(type, type)`;
const isOwnType = sql<boolean>`substr(type, 1, 1) = ${Buffer.of(NO_TEXT)}`;

const amendmentsOf = all(
  (db, subjects: Param<Buffer[]>) =>
    entriesIn(db).where('subject', 'in', subjects).where(plainType, '=', auditUpdate),
  entryOf,
);

/** The part of a list that one index has in its order: of one chain, or with one type, subject or user. */
type Branch = { readonly chain: string; readonly value: Buffer };
type Key = 'type' | 'subject' | 'user_id';
/** A place as tables have it. */
type Place = { readonly createdAt: Instant; readonly id: Buffer; readonly span: number };
/** How entries are found: by one column, by the chain alone, by time alone, or by ids that say their times or do not. */
type By = Key | 'chain' | 'time' | 'id' | 'wholeId';

/** No user, type or subject. */
const NOTHING = Buffer.alloc(0);

const numberOf = (chain: Param<string>) =>
  sql<number>`(select number from audit_chains where chain = ${chain})`;

const union = <All, Tables extends keyof All, Row>(
  parts: readonly SelectQueryBuilder<All, Tables, Row>[],
) => parts.reduce((all, each) => all.unionAll(each));

/**
 * The first places of several branches, which are merged as they are read: hardly more is read than is answered, however
 * many entries there are.
 */
const placesBy = (by: By, order: 'asc' | 'desc', isBoundByRow: boolean) =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        low: Param<Place>,
        high: Param<Place>,
        branches: Param<Branch[]>,
        ids?: Param<Buffer[]>,
        times?: Param<Instant[]>,
        types?: Param<Buffer[]>,
        subjects?: Param<Buffer[]>,
        userIds?: Param<Buffer[]>,
        chains?: Param<string[]>,
      ) => {
        const isBySpan = by === 'subject' || by === 'user_id';
        const isByChain = by === 'chain' || by === 'type';
        const time = isByChain ? timeInChain : sql<number>`created_at`;
        const find = ({ chain, value }: Param<Branch>) => {
          let found = db
            .selectFrom('audit_entries')
            .select([time.as('createdAt'), 'id'])
            .select((isBySpan ? indexedSpan : sql<number>`0`).as('span'))
            .where(
              order === 'asc'
                ? sql<boolean>`(${time}, id) > (${low.createdAt}, ${low.id})`
                : sql<boolean>`(${time}, id) < (${high.createdAt}, ${high.id})`,
            )
            .where(
              order === 'asc'
                ? sql<boolean>`${time} <= ${high.createdAt}`
                : sql<boolean>`${time} >= ${low.createdAt}`,
            );
          if (isByChain && !isBoundByRow) {
            // Not where it is not needed: of two ends, PostgreSQL takes a range for so few rows that it sorts them all.
            found = found.where(
              order === 'asc'
                ? sql<boolean>`${time} >= ${low.createdAt}`
                : sql<boolean>`${time} <= ${high.createdAt}`,
            );
          }
          if (isByChain) {
            const column = by === 'type' ? chainWithType : indexedChain;
            // As an expression: SQLite takes a bare query for something that many rows may equal.
            found = found.where(column, '=', sql<number>`${numberOf(chain)} + 0`);
          }
          if (by === 'type' || isBySpan) found = found.where(by, '=', sql<never>`${value}`);
          if (isBySpan) {
            found = found
              .where(indexedSpan, '>=', sql<number>`${low.span}`)
              .where(indexedSpan, '<=', sql<number>`${high.span}`);
          }
          if (ids) found = found.where('id', 'in', ids);
          if (times) found = found.where('created_at', 'in', times);
          if (by === 'wholeId') found = found.where(hasWholeId);
          // As expressions, so that no other index seems to be of use.
          const others = { type: types, subject: subjects, user_id: userIds };
          for (const [name, values] of Object.entries(others)) {
            const column = sql.ref(name);
            if (values) found = found.where(sql`coalesce(${column}, ${column})`, 'in', values);
          }
          if (chains) found = found.where(chainNumber, 'in', chains.map(numberOf));
          if (by !== 'type' && !types) found = found.where(plainType, '<>', auditUpdate);
          return found;
        };
        const inOrder = <All, Tables extends keyof All>(
          rows: SelectQueryBuilder<All, Tables, Place>,
        ) => {
          const inSpans = isBySpan ? rows.orderBy('span', order) : rows;
          return inSpans.orderBy('createdAt', order).orderBy('id', order);
        };
        const hexed = <All, Tables extends keyof All>(
          rows: SelectQueryBuilder<All, Tables, Place>,
        ) =>
          db
            .selectFrom(rows.as('places'))
            .select(['createdAt', 'span'])
            .select(hexOf(sql.ref('id')).as('id'));
        const found = branches.map(find);
        // A few ids are sorted more cheaply than they are found by time.
        if (by === 'id' || by === 'wholeId') return hexed(union(found));
        // PostgreSQL merges what is in order already, and SQLite takes a query around a part that is.
        const parts = found.map((each) => db.selectFrom(inOrder(each).as('page')).selectAll());
        return hexed(firstRows(db, inOrder(union(parts)), size, limit));
      },
      ({ createdAt, id, span }): Place => ({ createdAt, id: Buffer.from(id ?? '', 'hex'), span }),
    ),
  );

const orders = ['asc', 'desc'] as const;
const keysOfList = ['user_id', 'subject', 'type'] as const;
const waysOfList = [...keysOfList, 'chain', 'time', 'id', 'wholeId'] as const;

/** One query for each index that a list can go by. */
const placesOf = (isBoundByRow: boolean) =>
  new Map(
    orders.flatMap((order) =>
      waysOfList.map((by) => [`${order} ${by}`, placesBy(by, order, isBoundByRow)] as const),
    ),
  );
const boundByRow = placesOf(true);
const boundByTime = placesOf(false);

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
const octetsOf = (text: string): Buffer => idOctets.encode(text);

function chunksOf<T>(values: readonly T[], [, , size]: Sizes = VALUES): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size));
  return chunks;
}

/** All that a query answers for each of many values, a few at a time. */
async function eachOf<T>(
  values: readonly string[],
  ask: (some: Buffer[]) => Promise<T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (const some of chunksOf(distinct(values))) {
    found.push(...(await ask(padded(some.map(octetsOf)))));
  }
  return found;
}

async function list(on: Connection, filter: AuditFilter, limit: number): Promise<AuditPlace[]> {
  const { serviceIds, ids, types, subjects, userIds, from, to, after, isDescending } = filter;
  const order = isDescending ? 'desc' : 'asc';
  const placeOf = ({ createdAt, id }: AuditPlace): Place => ({
    createdAt,
    id: packedId(id, createdAt),
    span: spanOf(createdAt),
  });
  const compare = (a: Place, b: Place) =>
    (isDescending ? -1 : 1) * (a.createdAt - b.createdAt || Buffer.compare(a.id, b.id));
  const first = placeOf({ createdAt: isDescending ? to + 1 : from, id: '' });
  const given = after && placeOf(after);
  const begin = given && compare(first, given) < 0 ? given : first;
  const end = placeOf({ createdAt: isDescending ? from : to, id: '' });

  if ([serviceIds, ids, types, subjects, userIds].some((values) => values?.length === 0)) return [];

  const listed = {
    user_id: userIds && distinct(userIds).map(octetsOf),
    subject: subjects && distinct(subjects).map(octetsOf),
    type: types && distinct(types).map(typeOctets.encode),
  };
  const key = ids ? null : (keysOfList.find((name) => listed[name]) ?? null);
  const by = key ?? (serviceIds ? 'chain' : 'time');
  const rest = { ...listed, ...(key !== null && { [key]: undefined }) };
  const owned = serviceIds && distinct(serviceIds.map(nameOf));
  // Few entries are about a user or a thing, at whatever service.
  const hasChain = !ids && (by === 'type' || by === 'chain');
  if (by === 'type' && !owned) throw new Error('a list by types alone names its chains');
  const values = key === null ? [NOTHING] : (listed[key] ?? []);
  const branches = (hasChain ? (owned ?? []) : ['']).flatMap((chain) =>
    values.map((value) => ({ chain, value })),
  );
  const chains = hasChain || owned === undefined ? [undefined] : chunksOf(owned);

  const ways = on.boundsRowsByExpressions ? boundByRow : boundByTime;
  const pages: Place[] = [];
  async function ask(by: By, some: Branch[], ids?: Buffer[], times?: Instant[]): Promise<void> {
    for (const someChains of chains) {
      const page = await ways.get(`${order} ${by}`)?.(limit)(on)(
        limit,
        isDescending ? end : begin,
        isDescending ? begin : end,
        padded(some, { chain: '', value: NOTHING }, BRANCHES),
        ids && padded(ids),
        times && padded(times),
        rest.type && padded(rest.type),
        rest.subject && padded(rest.subject),
        rest.user_id && padded(rest.user_id),
        someChains && padded(someChains),
      );
      pages.push(...(page ?? []));
    }
  }
  if (ids) {
    for (const some of chunksOf(distinct(ids))) {
      const { times, rests } = shortIds(some);
      if (times.length > 0) await ask('id', branches, rests, times);
      await ask('wholeId', branches, some.map(octetsOf));
    }
  } else {
    for (const some of chunksOf(branches, BRANCHES)) await ask(by, some);
  }
  return pages
    .sort(compare)
    .slice(0, limit)
    .map(({ createdAt, id }) => ({ createdAt, id: readId(id.toString('hex'), createdAt) }));
}

/** The entries that some keys proved, which are not about their user. */
const provenBy = all(
  (db, keyIds: Param<Buffer[]>, userId: Param<Buffer>) =>
    db
      .selectFrom('audit_entries')
      .select('user_key_id')
      .distinct()
      .where('user_key_id', 'in', keyIds)
      .where(sql<boolean>`user_id is distinct from ${userId}`),
  ({ user_key_id }) => (user_key_id === null ? '' : idOctets.decode(user_key_id)),
);

const keysOf = all(
  (db, userId: Param<Id>) => db.selectFrom('keys').select('id').where('user_id', '=', userId),
  ({ id }) => id,
);

/** What a deletion says of itself is not about the person. */
const OF_DELETIONS = ['sso:UserDelete', 'rekey:UserExpire'].map(
  (type) => sql<Buffer>`${typeOctets.encode(type)}`,
);

const spokenAbout = all(
  (db, userIds: Param<Buffer[]>) =>
    entriesIn(db)
      .select(sql<number>`place / ${PLACES}`.as('number'))
      .where('user_id', 'in', userIds)
      .where('salt', 'is not', null)
      .where(plainType, 'not in', OF_DELETIONS),
  silenced,
);

const spokenBy = all(
  (db, keyIds: Param<Buffer[]>) =>
    entriesIn(db)
      .select(sql<number>`place / ${PLACES}`.as('number'))
      .where('user_key_id', 'in', keyIds)
      .where('salt', 'is not', null),
  silenced,
);

/** What is left of an entry whose words are erased: their digest, which followed from them. */
type Silenced = {
  readonly number: number;
  readonly sequence: number;
  readonly digest: Buffer | null;
};

function silenced({ number, ...row }: ReadRow & { readonly number: number }): Silenced {
  const { sequence, text_digest: digest } = plain(row);
  return { number, sequence, digest: digest === null ? null : digestOctets.encode(digest) };
}

/** Erases the words of entries; the subject of one of Rekey's own is an id. */
const silence = write((db, entries: Param<readonly Silenced[]>) =>
  db
    .updateTable('audit_entries')
    .set({
      text_digest: sql<Buffer>`case place ${sql.join(
        entries.map(
          ({ number, sequence, digest }) => sql`when ${placeOf(number, sequence)} then ${digest}`,
        ),
        sql` `,
      )} else text_digest end`,
      subject: sql<Buffer | null>`case when ${isOwnType} then subject end`,
      address: null,
      client: null,
      forwarded: null,
      data: null,
      salt: null,
    })
    .where(
      'place',
      'in',
      entries.map(({ number, sequence }) => placeOf(number, sequence)),
    ),
);

async function eraseAbout(on: Connection, userIds: readonly Id[]): Promise<void> {
  await inPieces(await eachOf(userIds, spokenAbout(on)), silence(on));
}

async function eraseProven(on: Connection, keyIds: readonly Id[]): Promise<void> {
  await inPieces(await eachOf(keyIds, spokenBy(on)), silence(on));
}

const erasedOf = all(
  (db, subjects: Param<Buffer[]>) =>
    db
      .selectFrom('audit_entries')
      .select('subject')
      .where('subject', 'in', subjects)
      .where(chainNumber, '=', numberOf(sql.lit(OPERATOR)))
      .where(plainType, '=', sql<Buffer>`${typeOctets.encode('rekey:AuditErase')}`),
  ({ subject }) => (subject === null ? '' : idOctets.decode(subject)),
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
    entriesIn(db)
      .where('place', '>', placeOf(numberOf(chain), sequence))
      .where('place', '<', placeOf(numberOf(chain), PLACES))
      .orderBy('place')
      .limit(limit),
  entryOf,
);

const pruneEntries = write((db, chain: Param<string>, pruned: Param<number>) =>
  db
    .deleteFrom('audit_entries')
    .where('place', '>', placeOf(numberOf(chain), sql.lit(0)))
    .where('place', '<=', placeOf(numberOf(chain), pruned)),
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

const keysAfter = all((db, after: Param<Id>, limit: Param<number>) =>
  db
    .selectFrom('keys')
    .select(['id', 'created_at as createdAt', 'service_id as serviceId'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit),
);

const makingsOf = all(
  (db, keyIds: Param<Buffer[]>) =>
    db
      .selectFrom('audit_entries')
      .select('subject')
      .select(
        sql<string>`(select chain from audit_chains where number = ${chainNumber})`.as('chain'),
      )
      .where('subject', 'in', keyIds)
      .where(
        plainType,
        'in',
        keyMakingTypes.map((type) => sql<Buffer>`${typeOctets.encode(type)}`),
      ),
  ({ subject, chain }) => `${chain} ${subject === null ? '' : idOctets.decode(subject)}`,
);

async function keys(on: Connection, after: Id | '', limit: number): Promise<AuditedKey[]> {
  const page = await keysAfter(on)(after, limit);
  const ids = page.map(({ id }) => id);
  const makings = new Set(await eachOf(ids, makingsOf(on)));
  return page.map((key) => ({
    ...key,
    isRecorded: makings.has(`${nameOf(key.serviceId)} ${key.id}`),
  }));
}

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
    await insertPlain(on, entries.map(asRow));
  },

  chains: (owners) => askAll([...new Set(owners)].map(nameOf), chainsOf(on)),

  lock: async (id) => (await find(on, [id], locks))[0] ?? null,
  get: async (id) => (await find(on, [id]))[0] ?? null,

  list: (filter, limit) => list(on, filter, limit),
  getAll: (ids) => find(on, ids),
  amendments: async (ids) =>
    (await eachOf(ids, amendmentsOf(on))).toSorted((a, b) => a.sequence - b.sequence),

  async erase(userId) {
    const own = await keysOf(on)(userId);
    const user = octetsOf(userId);
    const proven = await eachOf(own, (some) => provenBy(on)(some, user));
    await eraseAbout(on, [userId]);
    await eraseProven(on, proven);
    return distinct(proven);
  },

  async eraseAgain(ids) {
    await eraseAbout(on, ids);
    await eraseProven(on, ids);
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

  keys: (after, limit) => keys(on, after, limit),

  addToSum: ({ endsAt: ends_at, serviceId, network, ...sum }) =>
    addToSum(on)({ ...sum, ends_at, chain: nameOf(serviceId), network: network ?? '' }),

  async takeSums(now, limit) {
    const first = await firstSum(on)(now);
    return first ? takeSums(on)(first, limit) : [];
  },
});
