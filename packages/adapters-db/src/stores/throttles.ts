import { type Instant, noTries, type Tally } from '@rekey/domain';
import type { StoredTally, Throttles } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, one, type Param, write } from '../query.ts';

const tallyColumns = ['since', 'tries', 'free_at as freeAt', 'known_until as knownUntil'] as const;

const byKey = one((db, key: Param<string>) =>
  db.selectFrom('throttles').select(tallyColumns).where('key', '=', key),
);

const zero = sql.lit(0);
const noRow = { since: zero, tries: zero, free_at: zero, known_until: zero, forget_at: zero };

// An update that changes nothing: it locks the rows on both databases, and answers them as they are then.
const lock = all((db, keys: Param<readonly string[]>) =>
  db
    .insertInto('throttles')
    .values(keys.map((key) => ({ key, ...noRow })))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({ tries: eb.ref('throttles.tries') })),
    )
    .returning(['key', ...tallyColumns]),
);

type Row = Tally & Omit<StoredTally, 'tally'>;

const replace = write((db, rows: Param<readonly Row[]>) =>
  db
    .insertInto('throttles')
    .values(
      rows.map((row) => ({
        key: row.key,
        since: row.since,
        tries: row.tries,
        free_at: row.freeAt,
        known_until: row.knownUntil,
        forget_at: row.forgetAt,
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
    ),
);

const prune = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('throttles')
    .where('key', 'in', (eb) =>
      eb.selectFrom('throttles').select('key').where('forget_at', '<=', now).limit(limit),
    )
    // Again, for whoever tried just now.
    .where('forget_at', '<=', now),
);

/** How often things were tried. */
export const throttlesOn = (on: Connection): Throttles => ({
  get: async (key) => (await byKey(on)(key)) ?? noTries,
  async lock(keys) {
    const rows = await lock(on)(keys);
    const found = new Map(rows.map(({ key, ...tally }) => [key, tally]));
    return keys.map((key) => found.get(key) ?? noTries);
  },
  put: (tallies) => replace(on)(tallies.map(({ tally, ...stored }) => ({ ...stored, ...tally }))),
  prune: prune(on),
});
