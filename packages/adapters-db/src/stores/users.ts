import type { Id, Instant, SecondFactors, User } from '@rekey/domain';
import {
  type AccountUse,
  type LockedBy,
  noLink,
  type Unlocked,
  type UserLock,
  type Users,
} from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, asText, guarded, one, type Param, write } from '../query.ts';
import { pastPasswordsOn } from './past-passwords.ts';
import { sessionDeletions } from './session-deletions.ts';
import { listUsersOn } from './user-lists.ts';
import {
  ALL,
  accountColumns,
  asAccount,
  asAttributes,
  asUser,
  factorColumns,
  joinedSeenUser,
  keeperOf,
  newUserRow,
  userColumns,
} from './user-rows.ts';
import { visibleUsersOn } from './visible-users.ts';

const insert = guarded(
  (db, user: Param<User>, passwordHash: Param<string | null>, idleSince: Param<Instant | null>) =>
    db
      .insertInto('users')
      .values(newUserRow(user, passwordHash, idleSince))
      .onConflict((conflict) => conflict.column('email').doNothing()),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('users').select(userColumns).where('id', '=', id),
  asUser,
);

const seen = one(
  (db, id: Param<Id>, by: Param<Id | null>) =>
    db
      .selectFrom('users')
      .leftJoin('visible_users', (join) =>
        join
          .onRef('visible_users.user_id', '=', 'users.id')
          .on(
            'visible_users.service_id',
            '=',
            sql<string>`coalesce(cast(${by} as text), ${sql.lit(ALL)})`,
          ),
      )
      .leftJoin('user_attributes', (join) =>
        join
          .onRef('user_attributes.user_id', '=', 'users.id')
          .on('user_attributes.service_id', '=', keeperOf(by)),
      )
      .select(joinedSeenUser.columns)
      .select('visible_users.user_id as visibleId')
      .where('users.id', '=', asText(id)),
  (row) => ({ user: joinedSeenUser.of(row), isVisible: row.visibleId !== null }),
);

const there = one((db, id: Param<Id>) =>
  db.selectFrom('users').select('id').where('id', '=', id).forKeyShare(),
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

const remake = write((db, user: Param<User>, passwordHash: Param<string | null>) =>
  db
    .updateTable('users')
    .set({
      updated_at: user.updatedAt,
      is_admin: sql.lit(0),
      name: user.name,
      email_valid: sql.lit(1),
      email_proven: sql.lit(1),
      email_changed: sql.lit(0),
      locale: user.locale,
      timezone: user.timezone,
      password_hash: passwordHash,
      credential_version: nextVersion,
      device_epoch: sql<number>`device_epoch + 1`,
      known_networks: null,
      password_quality: null,
      password_allow_reset: user.passwordAllowReset,
      password_require_update: user.passwordRequireUpdate,
      last_login_at: null,
      created_by: user.createdBy,
      idle_since: null,
    })
    .where('id', '=', user.id),
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

const keepNetworks = write((db, id: Param<Id>, networks: Param<string>) =>
  db.updateTable('users').set({ known_networks: networks }).where('id', '=', id),
);

const lock = one(
  (db, id: Param<Id>) =>
    db.selectFrom('users').select(accountColumns).where('id', '=', id).forNoKeyUpdate(),
  asAccount,
);

const noteLogin = one(
  (db, id: Param<Id>, now: Param<Instant>, serviceId: Param<Id>) =>
    db
      .updateTable('users')
      .set({ last_login_at: now })
      .where('id', '=', id)
      .returning(accountColumns)
      .returning((eb) =>
        eb
          .selectFrom('user_attributes')
          .select('attributes')
          .whereRef('user_id', '=', 'users.id')
          .where('service_id', '=', serviceId)
          .as('attributes'),
      ),
  ({ attributes, ...row }) => {
    const { user, credential } = asAccount(row);
    return { user: { ...user, attributes: asAttributes(attributes) }, credential };
  },
);

const update = write((db, user: Param<User>) =>
  db
    .updateTable('users')
    .set({
      updated_at: user.updatedAt,
      is_enabled: user.isEnabled,
      is_disabled_by_operator: user.isDisabledByOperator,
      name: user.name,
      locale: user.locale,
      timezone: user.timezone,
      password_allow_reset: user.passwordAllowReset,
      password_require_update: user.passwordRequireUpdate,
    })
    .where('id', '=', user.id),
);

const markValid = write((db, id: Param<Id>, isProven: Param<boolean>, now: Param<Instant>) => {
  const proven = sql<0 | 1>`case when ${isProven} = 1 then 1 else email_proven end`;
  return db
    .updateTable('users')
    .set({
      email_valid: sql.lit(1),
      email_proven: proven,
      idle_since: sql<Instant>`case when ${isProven} = 1 then null else idle_since end`,
      updated_at: now,
    })
    .where('id', '=', id);
});

const setAttributes = write((db, id: Param<Id>, by: Param<Id | null>, attributes: Param<string>) =>
  db
    .insertInto('user_attributes')
    .columns(['user_id', 'service_id', 'attributes'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select('id')
        .select([
          keeperOf(by).as('service_id'),
          sql<string>`cast(${attributes} as text)`.as('attributes'),
        ])
        .where('id', '=', id),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'service_id'])
        .doUpdateSet((eb) => ({ attributes: eb.ref('excluded.attributes') })),
    ),
);

const attributesOf = all(
  (db, id: Param<Id>) =>
    db
      .selectFrom('user_attributes')
      .select(['service_id as keeper', 'attributes'])
      .where('user_id', '=', id),
  ({ keeper, attributes }) => ({
    serviceId: keeper === ALL ? null : keeper,
    attributes: asAttributes(attributes),
  }),
);

const foreignKey = one((db, id: Param<Id>, serviceId: Param<Id>) =>
  db
    .selectFrom('keys')
    .select('id')
    .where('user_id', '=', id)
    .where('service_id', '<>', serviceId)
    .where('is_revoked', '=', sql.lit(0))
    .limit(sql.lit(1)),
);

const lockOut = write((db, id: Param<Id>, now: Param<Instant>, by: Param<LockedBy>) =>
  db
    .updateTable('users')
    .set({
      is_enabled: sql.lit(0),
      is_locked: sql.lit(1),
      password_hash: null,
      credential_version: nextVersion,
      device_epoch: sql<number>`device_epoch + 1`,
      updated_at: now,
      locked_at: sql<Instant>`coalesce(locked_at, ${now})`,
      locked_through: sql<Id>`coalesce(${by.serviceId}, locked_through)`,
      recover_to: sql<string>`coalesce(recover_to, ${by.recoverTo})`,
      enabled_before_lock: sql<0 | 1>`coalesce(enabled_before_lock, is_enabled)`,
    })
    .where('id', '=', id),
);

const lockOf = one(
  (db, id: Param<Id>) =>
    db
      .selectFrom('users')
      .select(['locked_at as at', 'locked_through as serviceId', 'recover_to as recoverTo'])
      .where('id', '=', id)
      .where('is_locked', '=', sql.lit(1)),
  (row) => row as UserLock,
);

const keepDisabled = guarded((db, id: Param<Id>) =>
  db
    .updateTable('users')
    .set({ enabled_before_lock: sql.lit(0) })
    .where('id', '=', id)
    .where('is_locked', '=', sql.lit(1))
    .where('enabled_before_lock', '=', sql.lit(1)),
);

/** Where nobody else has the address. */
const freeFor = (id: Param<Id>, email: Param<string>) =>
  sql<boolean>`not exists (select 1 from users other where other.email = ${email} and other.id <> ${id})`;

const changeEmail = guarded((db, id: Param<Id>, email: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('users')
    .set({
      email,
      email_valid: sql.lit(0),
      email_proven: sql.lit(0),
      email_changed: sql.lit(1),
      updated_at: now,
    })
    .where('id', '=', id)
    .where(freeFor(id, email)),
);

const giveBackAddress = guarded((db, id: Param<Id>, email: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('users')
    .set({ email, email_valid: sql.lit(1), email_proven: sql.lit(1), updated_at: now })
    .where('id', '=', id)
    .where(freeFor(id, email)),
);

const unlock = guarded((db, id: Param<Id>, version: Param<number>, to: Param<Unlocked>) =>
  db
    .updateTable('users')
    .set({
      is_enabled: sql<
        0 | 1
      >`case when is_disabled_by_operator = 1 then 0 else enabled_before_lock end`,
      is_locked: sql.lit(0),
      email: to.email,
      email_valid: sql.lit(1),
      email_proven: sql.lit(1),
      password_hash: to.passwordHash,
      credential_version: nextVersion,
      password_require_update: sql.lit(0),
      updated_at: to.now,
      idle_since: null,
      locked_at: null,
      locked_through: null,
      recover_to: null,
      enabled_before_lock: null,
    })
    .where('id', '=', id)
    .where('credential_version', '=', version)
    .where('is_locked', '=', sql.lit(1))
    .where(freeFor(id, to.email)),
);

const setFactors = write((db, id: Param<Id>, factors: Param<SecondFactors>, now: Param<Instant>) =>
  db
    .updateTable('users')
    .set({ ...factorColumns(factors), updated_at: now })
    .where('id', '=', id),
);

const forgetDevices = write((db, id: Param<Id>) =>
  db.updateTable('users').set({ device_epoch: sql<number>`device_epoch + 1` }).where('id', '=', id),
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

/** What is kept with a user. */
const kept = (['user_attributes', 'past_passwords', 'passkeys'] as const).map((table) =>
  write((db, id: Param<Id>) => db.deleteFrom(table).where('user_id', '=', id)),
);

/** Deletes the rows that refer to a user, and then the user: no row ever refers to one that is gone. */
const deletions = [
  ...sessionDeletions('user_id'),
  ...(['keys', 'visible_users', 'totp_seeds', 'recovery_codes', 'challenges'] as const).map(
    (table) => write((db, id: Param<Id>) => db.deleteFrom(table).where('user_id', '=', id)),
  ),
  ...kept,
  write((db, id: Param<Id>) =>
    db
      .deleteFrom('deliveries')
      .where('user_id', '=', id)
      .where((eb) => eb.or([eb('sent_at', 'is not', null), eb('dead_at', 'is not', null)])),
  ),
];

const registrations = (id: Param<Id>) =>
  sql<boolean>`purpose = 'register' and purpose in ('register', 'update_email')
    and email = (select email from users where id = ${id})`;

const deleteRegistrationMails = write((db, id: Param<Id>) =>
  db
    .deleteFrom('deliveries')
    .where('token_id', 'in', (eb) =>
      eb.selectFrom('one_time_tokens').select('id').where(registrations(id)),
    ),
);

/** Somebody asked for these with the address: nothing of that is left either. */
const endRegistrations = write((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('one_time_tokens')
    .set({
      spent_at: sql<number>`coalesce(spent_at, ${now})`,
      email: sql.lit(''),
      address: sql.lit(''),
      client: null,
      details: null,
    })
    .where(registrations(id)),
);

const orphanDeliveries = write((db, id: Param<Id>, owedUntil: Param<Instant>) =>
  db
    .updateTable('deliveries')
    .set({
      user_id: null,
      deadline: sql<number>`case when deadline < ${owedUntil} then deadline else ${owedUntil} end`,
    })
    .where('user_id', '=', id),
);

/** The rights of deliveries that wait keep what the mails tell, until those are closed. */
const orphanTokens = write((db, id: Param<Id>, now: Param<Instant>) => {
  const isOwed = sql<boolean>`exists (
    select 1 from deliveries where deliveries.token_id = one_time_tokens.id
  )`;
  const ifOwed = (column: 'email' | 'address' | 'client', otherwise: '' | null) =>
    sql<string>`case when ${isOwed} then ${sql.ref(column)} else ${sql.lit(otherwise)} end`;
  return db
    .updateTable('one_time_tokens')
    .set({
      user_id: null,
      spent_at: sql<number>`coalesce(spent_at, ${now})`,
      email: ifOwed('email', ''),
      address: ifOwed('address', ''),
      client: ifOwed('client', null),
      details: null,
    })
    .where('user_id', '=', id);
});

const deleteUser = write((db, id: Param<Id>) => db.deleteFrom('users').where('id', '=', id));

/** The users and what proves them. */
export const usersOn = (on: Connection): Users => {
  const visible = visibleUsersOn(on);
  const past = pastPasswordsOn(on);
  return {
    async insert(user, passwordHash, idleSince = null) {
      const isNew = await insert(on)(user, passwordHash, idleSince);
      if (isNew) await visible.add(user);
      return isNew;
    },
    get: byId(on),
    see: seen(on),
    list: listUsersOn(on),
    isThere: async (id) => (await there(on)(id)) !== null,
    exist: async () => (await any(on)()) !== null,
    findByEmail: byEmail(on),
    async changePassword(id, version, passwordHash, now) {
      await past.remember(id, now, version);
      return changePassword(on)(id, version, passwordHash, now);
    },
    pastPasswords: past.find,
    prunePastPasswords: past.prune,
    async remake(user, passwordHash) {
      await remake(on)(user, passwordHash);
      for (const clear of kept) await clear(on)(user.id);
      await visible.remake(user);
    },
    upgradeHash: upgradeHash(on),
    keepQuality: keepQuality(on),
    keepNetworks: keepNetworks(on),
    lock: lock(on),
    noteLogin: noteLogin(on),
    async update(user) {
      await update(on)(user);
      await visible.update(user);
    },
    markValid: markValid(on),
    setAttributes: (id, by, attributes) => setAttributes(on)(id, by, JSON.stringify(attributes)),
    attributesOf: attributesOf(on),
    isKeptBeside: async (id, serviceId) => (await foreignKey(on)(id, serviceId)) !== null,
    async lockOut(id, now, by = noLink) {
      await past.remember(id, now);
      await lockOut(on)(id, now, by);
      await visible.disable(id);
    },
    lockOf: lockOf(on),
    keepDisabled: keepDisabled(on),
    async changeEmail(id, email, now) {
      const isChanged = await changeEmail(on)(id, email, now);
      if (isChanged) await visible.move(id, email);
      return isChanged;
    },
    async giveBackAddress(id, email, now) {
      const isGiven = await giveBackAddress(on)(id, email, now);
      if (isGiven) await visible.move(id, email);
      return isGiven;
    },
    async unlock(id, version, to) {
      const isUnlocked = await unlock(on)(id, version, to);
      if (isUnlocked) await visible.move(id, to.email);
      return isUnlocked;
    },
    setFactors: setFactors(on),
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
    async delete(id, now, owedUntil) {
      for (const deletion of deletions) await deletion(on)(id);
      await deleteRegistrationMails(on)(id);
      await endRegistrations(on)(id, now);
      await orphanDeliveries(on)(id, owedUntil);
      await orphanTokens(on)(id, now);
      await deleteUser(on)(id);
    },
  };
};
