import { emptyAuditChain, type Id } from '@rekey/domain';
import type { Audit } from '@rekey/usecases';
import { type ExpressionBuilder, type Kysely, type Selection, sql } from 'kysely';
import { insert, prepared, preparedWrite } from './prepared.ts';
import type { Schema } from './schema.ts';

const OPERATOR = 'operator';
const nameOf = (serviceId: Id | null): string => serviceId ?? OPERATOR;
const ownerOf = (chain: string): Id | null => (chain === OPERATOR ? null : chain);

const chainColumns = [
  'chain',
  'length',
  'hash',
  'pruned',
  'pruned_hash as prunedHash',
  'seal',
] as const;

const entryColumns = [
  'id',
  'created_at as createdAt',
  'chain',
  'sequence',
  'action',
  'outcome',
  'user_id as userId',
  'subject_id as subjectId',
  'address',
  'client',
  'previous_hash as previousHash',
  'hash',
] as const;

type ChainRow = Selection<Schema, 'audit_chains', (typeof chainColumns)[number]>;
type EntryRow = Selection<Schema, 'audit_entries', (typeof entryColumns)[number]>;

// An update that changes nothing: it locks the row on both databases, and answers it as it is then.
const held = prepared(
  (
    db,
    chain: string,
    length: number,
    hash: string | null,
    pruned: number,
    prunedHash: string | null,
    seal: string,
  ) =>
    db
      .insertInto('audit_chains')
      .values({ chain, length, hash, pruned, pruned_hash: prunedHash, seal })
      .onConflict((conflict) =>
        conflict.column('chain').doUpdateSet((eb) => ({ length: eb.ref('audit_chains.length') })),
      )
      .returning(chainColumns),
  asChain,
);

const end = preparedWrite((db, length: number, hash: string | null, seal: string, chain: string) =>
  db.updateTable('audit_chains').set({ length, hash, seal }).where('chain', '=', chain),
);

/** What happened, in chains. */
export function auditOn(db: Kysely<Schema>): Audit {
  return {
    async hold(serviceId) {
      const fresh = emptyAuditChain(serviceId);
      const { length, hash, pruned, prunedHash, seal } = fresh;
      const chain = [nameOf(serviceId), length, hash, pruned, prunedHash, seal] as const;
      const [found = fresh] = await held(db, ...chain);
      return found;
    },

    async append(entry, chain) {
      await insert(db, 'audit_entries', {
        id: entry.id,
        created_at: entry.createdAt,
        chain: nameOf(entry.serviceId),
        sequence: entry.sequence,
        action: entry.action,
        outcome: entry.outcome,
        user_id: entry.userId,
        subject_id: entry.subjectId,
        address: entry.origin?.address ?? null,
        client: entry.origin?.client ?? null,
        previous_hash: entry.previousHash,
        hash: entry.hash,
      });
      await end(db, chain.length, chain.hash, chain.seal, nameOf(chain.serviceId));
    },

    async get(id) {
      const row = await db
        .selectFrom('audit_entries')
        .select(entryColumns)
        .where('id', '=', id)
        .executeTakeFirst();
      return row ? asEntry(row) : null;
    },

    async list({ serviceId, userId, action, from, before }, limit) {
      // A user has few entries, and a service may have many: without its name the index on users is the one.
      const isOfChain = (eb: ExpressionBuilder<Schema, 'audit_entries'>) =>
        eb(userId === undefined ? 'chain' : sql`chain || ''`, '=', serviceId ?? '');
      const rows = await db
        .selectFrom('audit_entries')
        .select(entryColumns)
        .$if(serviceId !== undefined, (query) => query.where(isOfChain))
        .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
        .$if(action !== undefined, (query) => query.where('action', '=', action ?? 'login'))
        .where('created_at', '>=', from)
        .where((eb) =>
          eb(eb.refTuple('created_at', 'id'), '<', sql<never>`(${before.createdAt}, ${before.id})`),
        )
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(asEntry);
    },

    async owners() {
      const rows = await db.selectFrom('audit_chains').select('chain').execute();
      return rows.map(({ chain }) => ownerOf(chain));
    },

    async chain(serviceId) {
      const row = await db
        .selectFrom('audit_chains')
        .select(chainColumns)
        .where('chain', '=', nameOf(serviceId))
        .executeTakeFirst();
      return row ? asChain(row) : null;
    },

    async follow(serviceId, sequence, limit) {
      const rows = await db
        .selectFrom('audit_entries')
        .select(entryColumns)
        .where('chain', '=', nameOf(serviceId))
        .where('sequence', '>', sequence)
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(asEntry);
    },

    async prune(chain) {
      await db
        .deleteFrom('audit_entries')
        .where('chain', '=', nameOf(chain.serviceId))
        .where('sequence', '<=', chain.pruned)
        .execute();
      await db
        .updateTable('audit_chains')
        .set({ pruned: chain.pruned, pruned_hash: chain.prunedHash, seal: chain.seal })
        .where('chain', '=', nameOf(chain.serviceId))
        .execute();
    },
  };
}

function asChain({ chain, ...row }: ChainRow) {
  return { serviceId: ownerOf(chain), ...row };
}

const asEntry = ({ chain, address, client, ...row }: EntryRow) => ({
  ...row,
  serviceId: ownerOf(chain),
  origin: address === null ? null : { address, client },
});
