import { type Bucket, emptyBucket, type Instant } from '@rekey/domain';
import type { StoredBucket, Throttles } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, type Param, write } from '../query.ts';

const zero = sql.lit(0);

const get = all((db, keys: Param<readonly string[]>) =>
  db.selectFrom('throttles').select(['key', 'level', 'at']).where('key', 'in', keys),
);

// An update that changes nothing: it locks the rows on both databases, and answers them as they are then.
const lock = all((db, keys: Param<readonly string[]>) =>
  db
    .insertInto('throttles')
    .values(keys.map((key) => ({ key, level: zero, at: zero, forget_at: zero })))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({ level: eb.ref('throttles.level') })),
    )
    .returning(['key', 'level', 'at']),
);

type Row = Bucket & Omit<StoredBucket, 'bucket'>;

const replace = write((db, rows: Param<readonly Row[]>) =>
  db
    .insertInto('throttles')
    .values(
      rows.map((row) => ({ key: row.key, level: row.level, at: row.at, forget_at: row.forgetAt })),
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        level: eb.ref('excluded.level'),
        at: eb.ref('excluded.at'),
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
    // Again, for a try that came just now.
    .where('forget_at', '<=', now),
);

/** How often things were tried. */
export const throttlesOn = (on: Connection): Throttles => ({
  get: async (keys) => inOrder(keys, await get(on)(keys)),
  lock: async (keys) => inOrder(keys, await lock(on)(keys)),
  put: (buckets) => replace(on)(buckets.map(({ bucket, ...stored }) => ({ ...stored, ...bucket }))),
  prune: prune(on),
});

function inOrder(keys: readonly string[], rows: readonly (Bucket & { key: string })[]): Bucket[] {
  const found = new Map(rows.map(({ key, ...bucket }) => [key, bucket]));
  return keys.map((key) => found.get(key) ?? emptyBucket);
}
