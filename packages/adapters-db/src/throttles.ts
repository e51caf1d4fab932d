import { noTries } from '@rekey/domain';
import type { Throttles } from '@rekey/usecases';
import { type Insertable, type Kysely, sql } from 'kysely';
import { prepared, preparedWrite } from './prepared.ts';
import type { Schema } from './schema.ts';

const tallyColumns = ['since', 'tries', 'free_at as freeAt', 'known_until as knownUntil'] as const;

const byKey = prepared((db, key: string) =>
  db.selectFrom('throttles').select(tallyColumns).where('key', '=', key),
);

// An update that changes nothing: it locks the rows on both databases, and answers them as they are then.
const held = prepared((db, ...keys: readonly string[]) =>
  db
    .insertInto('throttles')
    .values(keys.map((key) => ({ key, ...noRow })))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({ tries: eb.ref('throttles.tries') })),
    )
    .returning(['key', ...tallyColumns]),
);

const zero = sql.lit(0);
const noRow = { since: zero, tries: zero, free_at: zero, known_until: zero, forget_at: zero };

const columns = ['key', 'since', 'tries', 'free_at', 'known_until', 'forget_at'] as const;

/** `cells`: those of all rows, one row after the other. */
const replacement = preparedWrite((db, ...cells: readonly (string | number)[]) => {
  const rows = Array.from({ length: cells.length / columns.length }, (_, row) =>
    Object.fromEntries(columns.map((name, at) => [name, cells[row * columns.length + at]])),
  );
  return db
    .insertInto('throttles')
    .values(rows as Insertable<Schema['throttles']>[])
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        since: eb.ref('excluded.since'),
        tries: eb.ref('excluded.tries'),
        free_at: eb.ref('excluded.free_at'),
        known_until: eb.ref('excluded.known_until'),
        forget_at: eb.ref('excluded.forget_at'),
      })),
    );
});

/** How often things were tried. */
export function throttlesOn(db: Kysely<Schema>): Throttles {
  return {
    async get(key) {
      const [row] = await byKey(db, key);
      return row ?? noTries;
    },

    async hold(keys) {
      const rows = await held(db, ...keys);
      const found = new Map(rows.map(({ key, ...tally }) => [key, tally]));
      return keys.map((key) => found.get(key) ?? noTries);
    },

    async put(tallies) {
      const cells = tallies.flatMap(({ key, tally, forgetAt }) => [
        key,
        tally.since,
        tally.tries,
        tally.freeAt,
        tally.knownUntil,
        forgetAt,
      ]);
      await replacement(db, ...cells);
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
