import type { Instant } from '@rekey/domain';
import type { Claim, Outbox } from '@rekey/usecases';
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
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

  return {
    async add(changeId, now) {
      await db
        .insertInto('outbox')
        .values({
          change_id: changeId,
          attempts: 0,
          due_at: now,
          sent_at: null,
          buried_at: null,
          reason: null,
        })
        .execute();
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

    markSent: (claim, now) => close(claim, { sent_at: now }),
    putOff: (claim, at, reason) => close(claim, { due_at: at, reason }),
    bury: (claim, now, reason) => close(claim, { buried_at: now, reason }),
  };
}

const isDue = (now: Instant) => (eb: ExpressionBuilder<Schema, 'outbox'>) =>
  eb.and([eb('due_at', '<=', now), eb('sent_at', 'is', null), eb('buried_at', 'is', null)]);
