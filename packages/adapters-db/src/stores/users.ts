import type { Account, Id, Instant, User } from '@rekey/domain';
import type { AccountUse, Users } from '@rekey/usecases';
import { type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, guarded, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';

const userColumns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
  'is_locked as isLocked',
  'is_admin as isAdmin',
  'name',
  'email',
  'locale',
  'timezone',
  'password_allow_reset as passwordAllowReset',
  'password_require_update as passwordRequireUpdate',
  'created_by as createdBy',
] as const;

const accountColumns = [
  ...userColumns,
  'password_hash as passwordHash',
  'credential_version as version',
  'password_quality as sealedQuality',
  'device_epoch as deviceEpoch',
] as const;

type UserRow = Selection<Schema, 'users', (typeof userColumns)[number]>;
type AccountRow = Selection<Schema, 'users', (typeof accountColumns)[number]>;

const asUser = (row: UserRow): User => ({
  ...row,
  isEnabled: row.isEnabled === 1,
  isLocked: row.isLocked === 1,
  isAdmin: row.isAdmin === 1,
  passwordAllowReset: row.passwordAllowReset === 1,
  passwordRequireUpdate: row.passwordRequireUpdate === 1,
});

const asAccount = ({
  passwordHash,
  version,
  sealedQuality,
  deviceEpoch,
  ...row
}: AccountRow): Account => ({
  user: asUser(row),
  credential: { passwordHash, version, sealedQuality, deviceEpoch },
});

/** A user in the answer of a join. */
export const joinedUser = joined('users', userColumns, asUser);

const insert = guarded(
  (db, user: Param<User>, passwordHash: Param<string | null>, idleSince: Param<Instant | null>) =>
    db
      .insertInto('users')
      .values({
        id: user.id,
        created_at: user.createdAt,
        updated_at: user.updatedAt,
        is_enabled: user.isEnabled,
        is_locked: user.isLocked,
        is_admin: user.isAdmin,
        name: user.name,
        email: user.email,
        locale: user.locale,
        timezone: user.timezone,
        password_hash: passwordHash,
        credential_version: sql.lit(1),
        device_epoch: sql.lit(1),
        password_allow_reset: user.passwordAllowReset,
        password_require_update: user.passwordRequireUpdate,
        created_by: user.createdBy,
        idle_since: idleSince,
      })
      .onConflict((conflict) => conflict.column('email').doNothing()),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('users').select(userColumns).where('id', '=', id),
  asUser,
);

const any = one((db) => db.selectFrom('users').select('id').limit(sql.lit(1)));

const byEmail = one(
  (db, email: Param<string>) =>
    db.selectFrom('users').select(accountColumns).where('email', '=', email),
  asAccount,
);

const nextVersion = sql<number>`credential_version + 1`;

const changePassword = guarded(
  (db, id: Param<Id>, version: Param<number>, passwordHash: Param<string>, now: Param<Instant>) =>
    db
      .updateTable('users')
      .set({
        password_hash: passwordHash,
        credential_version: nextVersion,
        password_require_update: sql.lit(0),
        updated_at: now,
      })
      .where('id', '=', id)
      .where('credential_version', '=', version)
      .where('is_enabled', '=', sql.lit(1)),
);

const upgradeHash = guarded((db, id: Param<Id>, oldHash: Param<string>, newHash: Param<string>) =>
  db
    .updateTable('users')
    .set({ password_hash: newHash })
    .where('id', '=', id)
    .where('password_hash', '=', oldHash),
);

const keepQuality = write((db, id: Param<Id>, sealed: Param<string>) =>
  db.updateTable('users').set({ password_quality: sealed }).where('id', '=', id),
);

const lock = one(
  (db, id: Param<Id>) =>
    db.selectFrom('users').select(accountColumns).where('id', '=', id).forNoKeyUpdate(),
  asAccount,
);

const lockOut = write((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('users')
    .set({
      is_enabled: sql.lit(0),
      is_locked: sql.lit(1),
      password_hash: null,
      credential_version: nextVersion,
      device_epoch: sql<number>`device_epoch + 1`,
      updated_at: now,
    })
    .where('id', '=', id),
);

const forgetDevices = write((db, id: Param<Id>) =>
  db
    .updateTable('users')
    .set({ device_epoch: sql<number>`device_epoch + 1` })
    .where('id', '=', id),
);

const setAdmin = write((db, id: Param<Id>, isAdmin: Param<boolean>, now: Param<Instant>) =>
  db.updateTable('users').set({ is_admin: isAdmin, updated_at: now }).where('id', '=', id),
);

/** By id, so that two that lock them never wait for each other. */
const lockAdmins = all(
  (db) =>
    db
      .selectFrom('users')
      .select(userColumns)
      .where('is_admin', '=', sql.lit(1))
      .orderBy('id')
      .forNoKeyUpdate(),
  asUser,
);

const lockIdle = all(
  (db, before: Param<Instant>, limit: Param<number>) =>
    db
      .selectFrom('users')
      .select('id')
      .where('idle_since', '<', before)
      .orderBy('idle_since')
      .limit(limit)
      .forNoKeyUpdate()
      .skipLocked(),
  ({ id }) => id,
);

const useOf = one(
  (db, id: Param<Id>) =>
    db
      .selectFrom('users')
      .select('updated_at as changedAt')
      .select((eb) => [
        eb
          .selectFrom('sessions')
          .whereRef('user_id', '=', 'users.id')
          .select(({ fn }) => fn.max(fn.coalesce('ended_at', 'expires_at')).as('at'))
          .as('sessionAt'),
        eb
          .selectFrom('one_time_tokens')
          .whereRef('user_id', '=', 'users.id')
          .where('spent_at', 'is', null)
          .select(({ fn }) => fn.max('expires_at').as('at'))
          .as('linkUntil'),
        eb
          .exists(
            eb
              .selectFrom('keys')
              .whereRef('user_id', '=', 'users.id')
              .whereRef('service_id', '!=', 'users.created_by')
              .select('keys.id'),
          )
          .as('isShared'),
      ])
      .where('id', '=', id),
  ({ changedAt, sessionAt, linkUntil, isShared }): AccountUse => ({
    lastAt: Math.max(changedAt, sessionAt ?? 0),
    linkUntil,
    isShared: Boolean(isShared),
  }),
);

const setIdle = write((db, id: Param<Id>, since: Param<Instant | null>) =>
  db.updateTable('users').set({ idle_since: since }).where('id', '=', id),
);

/** Deletes the rows that refer to a user, and then the user: no row ever refers to one that is gone. */
const deletions = [
  write((db, id: Param<Id>) =>
    db
      .deleteFrom('refresh_tokens')
      .where('session_id', 'in', (eb) =>
        eb.selectFrom('sessions').select('id').where('user_id', '=', id),
      ),
  ),
  ...(['sessions', 'keys', 'deliveries', 'one_time_tokens'] as const).map((table) =>
    write((db, id: Param<Id>) => db.deleteFrom(table).where('user_id', '=', id)),
  ),
  write((db, id: Param<Id>) => db.deleteFrom('users').where('id', '=', id)),
];

/** The users and what proves them. */
export const usersOn = (on: Connection): Users => ({
  insert: (user, passwordHash, idleSince = null) => insert(on)(user, passwordHash, idleSince),
  get: byId(on),
  exist: async () => (await any(on)()) !== null,
  findByEmail: byEmail(on),
  changePassword: changePassword(on),
  upgradeHash: upgradeHash(on),
  keepQuality: keepQuality(on),
  lock: lock(on),
  lockOut: lockOut(on),
  forgetDevices: forgetDevices(on),
  setAdmin: setAdmin(on),
  lockAdmins: lockAdmins(on),
  lockIdle: lockIdle(on),
  async useOf(id) {
    const use = await useOf(on)(id);
    if (use === null) throw new Error('there is no such account');
    return use;
  },
  setIdle: setIdle(on),
  async delete(id) {
    for (const deletion of deletions) await deletion(on)(id);
  },
});
