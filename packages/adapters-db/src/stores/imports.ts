import { folded, type Id, type Instant, type Key, type User } from '@rekey/domain';
import type {
  ImportCounts,
  ImportedKey,
  ImportedUser,
  ImportState,
  Imports,
} from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { newKeyRow } from './keys.ts';
import { pendingEvent, type Told } from './pending.ts';
import { askAll, inPieces } from './pieces.ts';
import { ALL, newUserRow } from './user-rows.ts';
import { insertVisible, keyOf } from './visible-users.ts';

const usersById = all((db, ids: Param<readonly Id[]>) =>
  db
    .selectFrom('users')
    .select(['id', 'email'])
    .where('id', 'in', [...ids]),
);
const usersByEmail = all((db, emails: Param<readonly string[]>) =>
  db
    .selectFrom('users')
    .select(['id', 'email'])
    .where('email', 'in', [...emails]),
);

const reserving = all((db, emails: Param<readonly string[]>, now: Param<Instant>) =>
  db
    .selectFrom('one_time_tokens')
    .select('email')
    .where('email', 'in', [...emails])
    // The second condition is the one of the index, literally.
    .where(sql<boolean>`purpose = 'update_email' and purpose in ('register', 'update_email')`)
    .where('spent_at', 'is', null)
    .where('expires_at', '>', now),
);
const recovering = all((db, emails: Param<readonly string[]>) =>
  db
    .selectFrom('users')
    .select('recover_to as email')
    .where('recover_to', 'in', [...emails]),
);

const keysById = all((db, ids: Param<readonly Id[]>) =>
  db
    .selectFrom('keys')
    .select(['id', 'digest', 'previous_digest as previousDigest'])
    .where('id', 'in', [...ids]),
);
const keysByDigest = all((db, digests: Param<readonly string[]>) =>
  db
    .selectFrom('keys')
    .select(['id', 'digest', 'previous_digest as previousDigest'])
    .where('digest', 'in', [...digests]),
);
const keysByPreviousDigest = all((db, digests: Param<readonly string[]>) =>
  db
    .selectFrom('keys')
    .select(['id', 'digest', 'previous_digest as previousDigest'])
    .where('previous_digest', 'is not', null)
    .where('previous_digest', 'in', [...digests]),
);

type UserRow = User & Pick<ImportedUser, 'passwordHash' | 'idleSince'>;

const insertUsers = write((db, rows: Param<readonly UserRow[]>) =>
  db
    .insertInto('users')
    .values(rows.map((user) => newUserRow(user, user.passwordHash, user.idleSince))),
);

const insertAttributes = write((db, rows: Param<readonly Schema['user_attributes'][]>) =>
  db.insertInto('user_attributes').values(
    rows.map((row) => ({
      user_id: row.user_id,
      service_id: row.service_id,
      attributes: row.attributes,
    })),
  ),
);

type KeyRow = Omit<Key, 'scopes'> & {
  readonly scopes: string;
  readonly digest: string;
  readonly sealed: string | null;
};

const insertKeys = write((db, rows: Param<readonly KeyRow[]>) =>
  db
    .insertInto('keys')
    .values(rows.map((key) => newKeyRow(key, key.scopes, key.digest, key.sealed))),
);

/** The services of these keys see the users from now on. */
export const showAll = write((db, keyIds: Param<readonly Id[]>) =>
  db
    .insertInto('visible_users')
    .columns(['service_id', 'user_id', 'is_enabled', 'name_key', 'email_key'])
    .expression((eb) =>
      eb
        .selectFrom('keys')
        // Not an inner join: SQLite would begin with all users that somebody sees.
        .crossJoin('visible_users as known')
        .whereRef('known.user_id', '=', 'keys.user_id')
        .select([
          sql<string>`keys.service_id`.as('service_id'),
          'known.user_id',
          'known.is_enabled',
          'known.name_key',
          'known.email_key',
        ])
        .where('keys.id', 'in', [...keyIds])
        .where('known.service_id', '=', sql.lit(ALL)),
    )
    .onConflict((conflict) => conflict.columns(['service_id', 'user_id']).doNothing()),
);

const unfinished = one(
  (db, source: Param<string>) =>
    db
      .selectFrom('imports')
      .select([
        'source',
        'fingerprint',
        'line',
        'counts',
        'started_at as startedAt',
        'updated_at as updatedAt',
      ])
      .where('source', '=', source),
  ({ counts, ...row }): ImportState => ({ ...row, counts: JSON.parse(counts) as ImportCounts }),
);

const keepState = write((db, state: Param<Omit<ImportState, 'counts'>>, counts: Param<string>) =>
  db
    .insertInto('imports')
    .values({
      source: state.source,
      fingerprint: state.fingerprint,
      line: state.line,
      counts,
      started_at: state.startedAt,
      updated_at: state.updatedAt,
    })
    .onConflict((conflict) =>
      conflict.column('source').doUpdateSet((eb) => ({
        fingerprint: eb.ref('excluded.fingerprint'),
        line: eb.ref('excluded.line'),
        counts: eb.ref('excluded.counts'),
        started_at: eb.ref('excluded.started_at'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);

const forget = write((db, source: Param<string>) =>
  db.deleteFrom('imports').where('source', '=', source),
);

/** The rows of many users at a time. */
export const importsOn = (on: Connection, told: Told): Imports => ({
  usersWith: async (ids, emails) => [
    ...(await askAll(ids, usersById(on))),
    ...(await askAll(emails, usersByEmail(on))),
  ],
  reserved: async (emails, now) => {
    const found = [
      ...(await askAll(emails, (some) => reserving(on)(some, now))),
      ...(await askAll(emails, recovering(on))),
    ];
    return found.map(({ email }) => email ?? '');
  },
  keysWith: async (ids, digests) => [
    ...(await askAll(ids, keysById(on))),
    ...(await askAll(digests, keysByDigest(on))),
    ...(await askAll(digests, keysByPreviousDigest(on))),
  ],
  async insertUsers(rows) {
    await inPieces(
      rows.map(({ user, passwordHash, idleSince }) => ({ ...user, passwordHash, idleSince })),
      insertUsers(on),
    );
    const visible = rows.flatMap(({ user }) => {
      const row = {
        userId: user.id,
        isEnabled: user.isEnabled,
        nameKey: keyOf(folded(user.name)),
        emailKey: keyOf(folded(user.email)),
      };
      const viewers = user.createdBy === null ? [ALL] : [ALL, user.createdBy];
      return viewers.map((serviceId) => ({ serviceId, ...row }));
    });
    await inPieces(visible, insertVisible(on));
    const kept = rows.filter(({ attributes }) => Object.keys(attributes).length > 0);
    await inPieces(
      kept.map(({ user, attributes }) => ({
        user_id: user.id,
        service_id: user.createdBy ?? ALL,
        attributes: JSON.stringify(attributes),
      })),
      insertAttributes(on),
    );
  },
  async insertKeys(keys: readonly ImportedKey[]) {
    await inPieces(
      keys.map(({ key, secret: { digest, sealed = null } }) => {
        return { ...key, scopes: key.scopes.join(' '), digest, sealed };
      }),
      insertKeys(on),
    );
    const seeing = keys.filter(({ key }) => key.userId !== null && key.type !== 'TOTP');
    await inPieces(
      seeing.map(({ key }) => key.id),
      showAll(on),
    );
  },
  insertEvents: async (events) => told.add(events.map(pendingEvent)),
  unfinished: unfinished(on),
  keepState: ({ counts, ...state }) => keepState(on)(state, JSON.stringify(counts)),
  forget: forget(on),
});
