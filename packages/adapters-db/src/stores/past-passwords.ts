import type { Id, Instant } from '@rekey/domain';
import type { PastPasswords } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, type Param, write } from '../query.ts';

/** Locks the row of the user, which is changed next. */
const remember = write((db, id: Param<Id>, now: Param<Instant>, version?: Param<number>) =>
  db
    .insertInto('past_passwords')
    .columns(['user_id', 'hash', 'replaced_at', 'is_recent'])
    .expression((eb) => {
      const owner = eb
        .selectFrom('users')
        .select('id')
        .select((of) => of.ref('password_hash').$notNull().as('hash'))
        .select([
          sql<number>`cast(${now} as bigint)`.as('replaced_at'),
          sql.lit<1>(1).as('is_recent'),
        ])
        .where('id', '=', id)
        .where('password_hash', 'is not', null)
        .forNoKeyUpdate();
      return version === undefined
        ? owner
        : owner.where('credential_version', '=', version).where('is_enabled', '=', sql.lit(1));
    })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'hash']).doUpdateSet((eb) => ({
        replaced_at: eb.ref('excluded.replaced_at'),
        is_recent: sql.lit(1),
      })),
    ),
);

const inOrder = (direction: 'asc' | 'desc') =>
  all(
    (db, id: Param<Id>, since: Param<Instant>, limit: Param<number>) =>
      db
        .selectFrom('past_passwords')
        .select('hash')
        .where('user_id', '=', id)
        .where('replaced_at', '>=', since)
        .orderBy('replaced_at', direction)
        .limit(limit),
    ({ hash }) => hash,
  );
const earliest = inOrder('asc');
const latest = inOrder('desc');

/** Those of accounts that are locked are needed for the way back. */
const age = all(
  (db, before: Param<Instant>, limit: Param<number>) =>
    db
      .updateTable('past_passwords')
      .set({ is_recent: sql.lit(0) })
      .where(
        sql<boolean>`(user_id, hash) in ${db
          .selectFrom('past_passwords')
          .innerJoin('users', 'users.id', 'user_id')
          .select(['user_id', 'hash'])
          .where('is_recent', '=', sql.lit(1))
          .where('replaced_at', '<', before)
          .where('is_locked', '=', sql.lit(0))
          .limit(limit)}`,
      )
      .returning('user_id'),
  ({ user_id }) => user_id,
);

const trim = write((db, id: Param<Id>, history: Param<number>) =>
  db
    .deleteFrom('past_passwords')
    .where('user_id', '=', id)
    .where('is_recent', '=', sql.lit(0))
    .where('hash', 'not in', (eb) =>
      eb
        .selectFrom('past_passwords')
        .select('hash')
        .where('user_id', '=', id)
        .orderBy('replaced_at', 'desc')
        .limit(history),
    ),
);

/** The passwords that users had, in the order in which they were replaced. */
export const pastPasswordsOn = (on: Connection) => ({
  /** Keeps the password that a user has, only if the credential is of that version, where one is given. */
  remember: (id: Id, now: Instant, version?: number): Promise<void> =>
    remember(on)(id, now, version),
  find: (id: Id, { since = 0, limit, from }: PastPasswords): Promise<string[]> =>
    (from === 'latest' ? latest : earliest)(on)(id, since, limit),
  async prune(before: Instant, history: number, limit: number): Promise<number> {
    const aged = await age(on)(before, limit);
    for (const id of new Set(aged)) await trim(on)(id, history);
    return aged.length;
  },
});
