import type { Users } from '@rekey/usecases';
import { type Kysely, type Selection, sql } from 'kysely';
import { joined } from './joined.ts';
import { prepared, preparedWrite } from './prepared.ts';
import { flag, type Schema } from './schema.ts';

const userColumns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
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
] as const;

/** A user among the columns of other tables. */
export const joinedUser = joined('users', userColumns);

type UserRow = Selection<Schema, 'users', (typeof userColumns)[number]>;
type AccountRow = Selection<Schema, 'users', (typeof accountColumns)[number]>;

const byId = prepared(
  (db, id: string) => db.selectFrom('users').select(userColumns).where('id', '=', id),
  asUser,
);

const byEmail = prepared(
  (db, email: string) => db.selectFrom('users').select(accountColumns).where('email', '=', email),
  asAccount,
);

const nextVersion = sql<number>`credential_version + 1`;

const change = preparedWrite((db, hash: string, now: number, id: string, version: number) =>
  db
    .updateTable('users')
    .set({
      password_hash: hash,
      credential_version: nextVersion,
      password_require_update: sql.lit(0),
      updated_at: now,
    })
    .where('id', '=', id)
    .where('credential_version', '=', version)
    .where('is_enabled', '=', sql.lit(1)),
);

// An update that changes nothing: it locks the row on both databases, and answers it as it is then.
const held = prepared(
  (db, id: string) =>
    db
      .updateTable('users')
      .set((eb) => ({ credential_version: eb.ref('credential_version') }))
      .where('id', '=', id)
      .returning(accountColumns),
  asAccount,
);

/** The users and what proves them. */
export function usersOn(db: Kysely<Schema>): Users {
  return {
    async insert(user, passwordHash) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('users')
        .values({
          id: user.id,
          created_at: user.createdAt,
          updated_at: user.updatedAt,
          is_enabled: flag(user.isEnabled),
          name: user.name,
          email: user.email,
          locale: user.locale,
          timezone: user.timezone,
          password_hash: passwordHash,
          credential_version: 1,
          password_allow_reset: flag(user.passwordAllowReset),
          password_require_update: flag(user.passwordRequireUpdate),
          created_by: user.createdBy,
        })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async get(id) {
      const [user = null] = await byId(db, id);
      return user;
    },

    async exist() {
      const row = await db.selectFrom('users').select('id').limit(1).executeTakeFirst();
      return row !== undefined;
    },

    async findByEmail(email) {
      const [account = null] = await byEmail(db, email);
      return account;
    },

    async changePassword(id, version, passwordHash, now) {
      return (await change(db, passwordHash, now, id, version)) === 1;
    },

    async upgradeHash(id, oldHash, newHash) {
      const { numUpdatedRows } = await db
        .updateTable('users')
        .set({ password_hash: newHash })
        .where('id', '=', id)
        .where('password_hash', '=', oldHash)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async keepQuality(id, sealed) {
      await db
        .updateTable('users')
        .set({ password_quality: sealed })
        .where('id', '=', id)
        .execute();
    },

    async hold(id) {
      const [account = null] = await held(db, id);
      return account;
    },

    async shut(id, now) {
      await db
        .updateTable('users')
        .set({
          is_enabled: 0,
          password_hash: null,
          credential_version: nextVersion,
          updated_at: now,
        })
        .where('id', '=', id)
        .execute();
    },
  };
}

export function asUser(row: UserRow) {
  return {
    ...row,
    isEnabled: row.isEnabled === 1,
    passwordAllowReset: row.passwordAllowReset === 1,
    passwordRequireUpdate: row.passwordRequireUpdate === 1,
  };
}

function asAccount({ passwordHash, version, sealedQuality, ...row }: AccountRow) {
  return { user: asUser(row), credential: { passwordHash, version, sealedQuality } };
}
