import { noTries } from '@rekey/domain';
import type { Throttles } from '@rekey/usecases';
import type { Kysely } from 'kysely';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const tallyColumns = ['since', 'tries', 'free_at as freeAt', 'known_until as knownUntil'] as const;

const noRow = { since: 0, tries: 0, free_at: 0, known_until: 0, forget_at: 0 };

const byKey = prepared((db, key: string) =>
  db.selectFrom('throttles').select(tallyColumns).where('key', '=', key),
);

/** How often things were tried. */
export function throttlesOn(db: Kysely<Schema>): Throttles {
  return {
    async get(key) {
      const [row] = await byKey(db, key);
      return row ?? noTries;
    },

    async hold(keys) {
      // An update that changes nothing: it locks the rows on both databases, and answers them as they are then.
      const rows = await db
        .insertInto('throttles')
        .values(keys.map((key) => ({ key, ...noRow })))
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet((eb) => ({ tries: eb.ref('throttles.tries') })),
        )
        .returning(['key', ...tallyColumns])
        .execute();
      const found = new Map(rows.map(({ key, ...tally }) => [key, tally]));
      return keys.map((key) => found.get(key) ?? noTries);
    },

    async put(tallies) {
      await db
        .insertInto('throttles')
        .values(
          tallies.map(({ key, tally, forgetAt }) => ({
            key,
            since: tally.since,
            tries: tally.tries,
            free_at: tally.freeAt,
            known_until: tally.knownUntil,
            forget_at: forgetAt,
          })),
        )
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet((eb) => ({
            since: eb.ref('excluded.since'),
            tries: eb.ref('excluded.tries'),
            free_at: eb.ref('excluded.free_at'),
            known_until: eb.ref('excluded.known_until'),
            forget_at: eb.ref('excluded.forget_at'),
          })),
        )
        .execute();
    },

    async prune(now, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('throttles')
        .where('key', 'in', (eb) =>
          eb.selectFrom('throttles').select('key').where('forget_at', '<=', now).limit(limit),
        )
        // Again, for whoever tried just now.
        .where('forget_at', '<=', now)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
