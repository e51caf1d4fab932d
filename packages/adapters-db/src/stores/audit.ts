import {
  type AuditChain,
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  type AuditText,
  type AuditType,
  emptyAuditChain,
  type Id,
  type Instant,
  isCustom,
  keyMakingTypes,
} from '@rekey/domain';
import type { Audit, AuditedKey } from '@rekey/usecases';
import { type ExpressionBuilder, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';

const OPERATOR = 'operator';
const nameOf = (serviceId: Id | null): string => serviceId ?? OPERATOR;
const ownerOf = (chain: string): Id | null => (chain === OPERATOR ? null : chain);

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
  data: data === null ? null : JSON.parse(data),
});

// An update that changes nothing: it locks the row on both databases, and answers it as it is then.
const lock = one(
  (db, chain: Param<string>, empty: Param<Omit<AuditChain, 'serviceId'>>) =>
    db
      .insertInto('audit_chains')
      .values({
        chain,
        length: empty.length,
        hash: empty.hash,
        pruned: empty.pruned,
        pruned_hash: empty.prunedHash,
        pruned_until: empty.prunedUntil,
        seal: empty.seal,
      })
      .onConflict((conflict) =>
        conflict.column('chain').doUpdateSet((eb) => ({ length: eb.ref('audit_chains.length') })),
      )
      .returning(chainColumns),
  asChain,
);

const insert = write(
  (
    db,
    chain: Param<string>,
    entry: Param<Omit<AuditEntry, keyof AuditText>>,
    text: Param<TextRow>,
  ) =>
    db.insertInto('audit_entries').values({
      id: entry.id,
      created_at: entry.createdAt,
      chain,
      sequence: entry.sequence,
      type: entry.type,
      outcome: entry.outcome,
      status_code: entry.statusCode,
      user_id: entry.userId,
      key_id: entry.keyId,
      user_key_id: entry.userKeyId,
      subject: text.subject,
      address: text.address,
      client: text.client,
      forwarded: text.forwarded,
      data: text.data,
      salt: entry.salt,
      text_digest: entry.textDigest,
      count: entry.count,
      previous_hash: entry.previousHash,
      hash: entry.hash,
    }),
);

const extend = write((db, name: Param<string>, chain: Param<AuditChain>) =>
  db
    .updateTable('audit_chains')
    .set({ length: chain.length, hash: chain.hash, seal: chain.seal })
    .where('chain', '=', name),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('audit_entries').select(entryColumns).where('id', '=', id),
  asEntry,
);

const latest = all(
  (
    db,
    limit: Param<number>,
    from: Param<Instant>,
    before: Param<AuditPlace>,
    serviceId?: Param<Id>,
    userId?: Param<Id>,
    type?: Param<AuditType>,
  ) => {
    let found = db
      .selectFrom('audit_entries')
      .select(entryColumns)
      .where('created_at', '>=', from)
      .where(sql<boolean>`(created_at, id) < (${before.createdAt}, ${before.id})`);
    if (userId !== undefined) found = found.where('user_id', '=', userId);
    if (type !== undefined) found = found.where('type', '=', type);
    if (serviceId !== undefined) {
      // A user has few entries, and a service may have many: without its name the index on users is the one.
      const chain = userId === undefined ? sql.ref('chain') : sql`chain || ''`;
      found = found.where(chain, '=', serviceId);
    }
    return found.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit);
  },
  asEntry,
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

/** Literally the condition of the index `audit_entries_of_key`: with parameters neither database would use it. */
const makesKey = sql<boolean>`type in (${sql.join(keyMakingTypes.map((type) => sql.lit(type)))})`;

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
            .where('chain', '=', sql<string>`coalesce(keys.service_id, ${sql.lit(OPERATOR)})`)
            .where(makesKey),
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
export const auditOn = (on: Connection): Audit => ({
  async lock(serviceId) {
    const empty = emptyAuditChain(serviceId);
    return (await lock(on)(nameOf(serviceId), empty)) ?? empty;
  },

  async append(entry, chain) {
    await insert(on)(nameOf(entry.serviceId), entry, textRow(entry));
    await extend(on)(nameOf(chain.serviceId), chain);
  },

  get: byId(on),

  list: ({ serviceId, userId, type, from, before }, limit) =>
    latest(on)(limit, from, before, serviceId, userId, type),

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
