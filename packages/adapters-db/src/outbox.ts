import type { Instant } from '@rekey/domain';
import type { Claim, MailState, Outbox } from '@rekey/usecases';
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import { insert, prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

/** The mails that committed changes owe. */
export function outboxOn(db: Kysely<Schema>): Outbox {
  /** Changes a mail only while the claim on it is the latest, and it is neither sent nor buried. */
  async function close(
    claim: Claim,
    change: Partial<Omit<Schema['outbox'], 'change_id' | 'attempts'>>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('outbox')
      .set(change)
      .where('change_id', '=', claim.changeId)
      .where('attempts', '=', claim.attempt)
      .where('sent_at', 'is', null)
      .where('buried_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Dead letters whose link is good. */
  const requeue = (now: Instant) =>
    db
      .updateTable('outbox')
      .set({ buried_at: null, due_at: now })
      .where('buried_at', 'is not', null)
      .where('change_id', 'in', (eb) =>
        eb.selectFrom('password_changes').select('id').where('expires_at', '>', now),
      );

  return {
    async add(changeId, now) {
      await insert(db, 'outbox', { change_id: changeId, attempts: 0, due_at: now });
    },

    async hasDue(now) {
      const row = await db
        .selectFrom('outbox')
        .select('change_id')
        .where(isDue(now))
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async claim(now, until, limit) {
      return (
        db
          .updateTable('outbox')
          .set({ attempts: sql`attempts + 1`, due_at: until })
          .where('change_id', 'in', (eb) =>
            eb
              .selectFrom('outbox')
              .select('change_id')
              .where(isDue(now))
              .orderBy('due_at')
              .limit(limit),
          )
          // Again, for whoever chose the same mails and waited here for the other one to commit.
          .where(isDue(now))
          .returning(['change_id as changeId', 'attempts as attempt'])
          .execute()
      );
    },

    async recall(beyond, now) {
      const { numUpdatedRows } = await db
        .updateTable('outbox')
        .set({ due_at: now })
        .where('due_at', '>', beyond)
        .where('sent_at', 'is', null)
        .where('buried_at', 'is', null)
        .executeTakeFirst();
      return Number(numUpdatedRows);
    },

    markSent: (claim, now) => close(claim, { sent_at: now }),
    putOff: (claim, at, reason) => close(claim, { due_at: at, reason }),
    bury: (claim, now, reason) => close(claim, { buried_at: now, reason }),

    async list(state, limit) {
      const rows = await db
        .selectFrom('outbox')
        .innerJoin('password_changes', 'id', 'change_id')
        .select([
          'change_id as changeId',
          'email',
          'created_at as createdAt',
          'attempts',
          'due_at as dueAt',
          'sent_at as sentAt',
          'buried_at as buriedAt',
          'reason',
          'expires_at as linkExpiresAt',
        ])
        .$if(state !== null, (query) => query.where(isIn(state)))
        .orderBy('change_id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(({ sentAt, buriedAt, ...mail }) => ({
        ...mail,
        state: sentAt !== null ? 'sent' : buriedAt !== null ? 'dead' : 'waiting',
        closedAt: sentAt ?? buriedAt,
      }));
    },

    async backlog() {
      const [row] = await backlog(db);
      const { waiting, dead, oldestAt = null, firstDueAt = null } = row ?? {};
      return { waiting: waiting ?? 0, dead: dead ?? 0, oldestAt, firstDueAt };
    },

    async requeue(changeId, now) {
      const { numUpdatedRows } = await requeue(now)
        .where('change_id', '=', changeId)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async requeueDead(now, limit) {
      const rows = await requeue(now)
        .where('change_id', 'in', (eb) =>
          eb
            .selectFrom('outbox')
            .innerJoin('password_changes', 'id', 'change_id')
            .select('change_id')
            .where('buried_at', '<=', now)
            .where('expires_at', '>', now)
            .limit(limit),
        )
        .returning('change_id as changeId')
        .execute();
      return rows.map(({ changeId }) => changeId);
    },
  };
}

/** Walks no more than the two partial indexes, which hold what is not sent. */
const backlog = prepared((db) => {
  const waiting = db
    .selectFrom('outbox')
    .where('due_at', '>=', sql<number>`0`)
    .where('sent_at', 'is', null)
    .where('buried_at', 'is', null);
  const count = sql<number>`count(*)`.as('count');
  return db.selectNoFrom([
    waiting.select(count).as('waiting'),
    db.selectFrom('outbox').select(count).where('buried_at', '>=', sql<number>`0`).as('dead'),
    waiting
      .innerJoin('password_changes', 'id', 'change_id')
      .select(({ fn }) => fn.min('created_at').as('at'))
      .as('oldestAt'),
    waiting.select(({ fn }) => fn.min('due_at').as('at')).as('firstDueAt'),
  ]);
});

const isIn = (state: MailState | null) => (eb: ExpressionBuilder<Schema, 'outbox'>) =>
  eb.and([
    eb('sent_at', state === 'sent' ? 'is not' : 'is', null),
    eb('buried_at', state === 'dead' ? 'is not' : 'is', null),
  ]);

const isDue = (now: Instant) => (eb: ExpressionBuilder<Schema, 'outbox'>) =>
  eb.and([eb('due_at', '<=', now), eb('sent_at', 'is', null), eb('buried_at', 'is', null)]);
