import type { Account, Attributes, Instant, SecondFactors, SeenUser, User } from '@rekey/domain';
import { type RawBuilder, type Selection, sql } from 'kysely';
import { joined, type Param } from '../query.ts';
import type { Schema } from '../schema.ts';

export const userColumns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
  'is_locked as isLocked',
  'is_disabled_by_operator as isDisabledByOperator',
  'is_admin as isAdmin',
  'name',
  'email',
  'email_valid as emailValid',
  'email_proven as emailProven',
  'email_changed as emailChanged',
  'locale',
  'timezone',
  'password_allow_reset as passwordAllowReset',
  'password_require_update as passwordRequireUpdate',
  'last_login_at as lastLoginAt',
  'created_by as createdBy',
  'has_totp as hasTotp',
  'has_passkey as hasPasskey',
  'factor_at_password as factorAtPassword',
  'factor_at_provider as factorAtProvider',
] as const;

export const accountColumns = [
  ...userColumns,
  'password_hash as passwordHash',
  'credential_version as version',
  'password_quality as sealedQuality',
  'device_epoch as deviceEpoch',
  'known_networks as networks',
] as const;

export const factorColumns = (factors: Param<SecondFactors>) => ({
  has_totp: factors.hasTotp,
  has_passkey: factors.hasPasskey,
  factor_at_password: factors.atPassword,
  factor_at_provider: factors.atProvider,
});

/** The row of a user who is new. */
export const newUserRow = (
  user: Param<User>,
  passwordHash: Param<string | null>,
  idleSince: Param<Instant | null>,
) => ({
  id: user.id,
  created_at: user.createdAt,
  updated_at: user.updatedAt,
  is_enabled: user.isEnabled,
  is_locked: user.isLocked,
  is_disabled_by_operator: user.isDisabledByOperator,
  is_admin: user.isAdmin,
  name: user.name,
  email: user.email,
  email_valid: user.emailValid,
  email_proven: user.emailProven,
  email_changed: user.emailChanged,
  locale: user.locale,
  timezone: user.timezone,
  password_hash: passwordHash,
  credential_version: sql.lit(1),
  device_epoch: sql.lit(1),
  password_allow_reset: user.passwordAllowReset,
  password_require_update: user.passwordRequireUpdate,
  last_login_at: user.lastLoginAt,
  created_by: user.createdBy,
  idle_since: idleSince,
  ...factorColumns(user.factors),
});

type UserRow = Selection<Schema, 'users', (typeof userColumns)[number]>;
type AccountRow = Selection<Schema, 'users', (typeof accountColumns)[number]>;

export const asUser = ({
  hasTotp,
  hasPasskey,
  factorAtPassword,
  factorAtProvider,
  ...row
}: UserRow): User => ({
  ...row,
  isEnabled: row.isEnabled === 1,
  isLocked: row.isLocked === 1,
  isDisabledByOperator: row.isDisabledByOperator === 1,
  isAdmin: row.isAdmin === 1,
  emailValid: row.emailValid === 1,
  emailProven: row.emailProven === 1,
  emailChanged: row.emailChanged === 1,
  passwordAllowReset: row.passwordAllowReset === 1,
  passwordRequireUpdate: row.passwordRequireUpdate === 1,
  factors: {
    hasTotp: hasTotp === 1,
    hasPasskey: hasPasskey === 1,
    atPassword: factorAtPassword === 1,
    atProvider: factorAtProvider === 1,
  },
});

export const asAccount = ({
  passwordHash,
  version,
  sealedQuality,
  deviceEpoch,
  networks,
  ...row
}: AccountRow): Account => ({
  user: asUser(row),
  credential: { passwordHash, version, sealedQuality, deviceEpoch, networks },
});

const none: Attributes = {};

export const asAttributes = (json: string | null): Attributes => (json ? JSON.parse(json) : none);

/** A user in the answer of a join. */
export const joinedUser = joined('users', userColumns, asUser);

/** A user in the answer of a join with the attributes that a service keeps with it. */
export const joinedSeenUser = {
  columns: [...joinedUser.columns, 'user_attributes.attributes as users.attributes'] as const,
  of: (row: { readonly 'users.attributes': string | null }): SeenUser => ({
    ...joinedUser.of(row),
    attributes: asAttributes(row['users.attributes']),
  }),
};

/** Takes the place of the id of a service: of the operator, who sees all users. */
export const ALL = 'all';

/** The service, or for the operator the one that made the user: a condition beside the table `users`. */
export const keeperOf = (by: Param<string | null>): RawBuilder<string> =>
  sql`coalesce(cast(${by} as text), users.created_by, ${sql.lit(ALL)})`;
