import { hasExpired, type Id, type IdPage, type Instant, type Key, keyTypes } from '@rekey/domain';
import type { KeyFilter, Keys, KeyUpdate, KeyUse } from '@rekey/usecases';
import { type ExpressionBuilder, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, guarded, joined, lookup, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { bySize, firstRows, rangeOf } from './ranges.ts';
import { joinedService } from './services.ts';
import { sessionDeletions } from './session-deletions.ts';
import { joinedSeenUser } from './user-rows.ts';
import { visibleUsersOn } from './visible-users.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'is_enabled as isEnabled',
  'is_revoked as isRevoked',
  'type',
  'name',
  'service_id as serviceId',
  'user_id as userId',
  'prefix',
  'scopes',
  'expires_at as expiresAt',
  'last_used_at as lastUsedAt',
] as const;

type Row = Selection<Schema, 'keys', (typeof columns)[number]>;

const asKey = ({ isEnabled, isRevoked, scopes, ...row }: Row): Key => ({
  ...row,
  isEnabled: isEnabled === 1,
  isRevoked: isRevoked === 1,
  scopes: scopes ? scopes.split(' ') : [],
});

const asScopes = (scopes: readonly string[]): string => scopes.join(' ');

/** A key in the answer of a join. */
export const joinedKey = joined('keys', columns, asKey);

/** Literally the condition of the index `keys_lone`: with parameters neither database would use it. */
const isLone = sql<boolean>`type <> 'KEY' and is_enabled = 1 and is_revoked = 0`;

type Keyed = ExpressionBuilder<Schema, 'keys'>;

/** The row of a key that is new. */
export const newKeyRow = (
  key: Param<Omit<Key, 'scopes'>>,
  scopes: Param<string>,
  digest: Param<string>,
  sealed: Param<string | null>,
) => ({
  id: key.id,
  created_at: key.createdAt,
  updated_at: key.updatedAt,
  is_enabled: key.isEnabled,
  is_revoked: key.isRevoked,
  type: key.type,
  name: key.name,
  service_id: key.serviceId,
  user_id: key.userId,
  prefix: key.prefix,
  scopes,
  expires_at: key.expiresAt,
  last_used_at: key.lastUsedAt,
  digest,
  sealed,
});

const insert = guarded(
  (
    db,
    key: Param<Omit<Key, 'scopes'>>,
    scopes: Param<string>,
    digest: Param<string>,
    sealed: Param<string | null>,
  ) =>
    db
      .insertInto('keys')
      .values(newKeyRow(key, scopes, digest, sealed))
      .onConflict((conflict) =>
        conflict.columns(['user_id', 'service_id', 'type']).where(isLone).doNothing(),
      ),
);

type Place = Pick<Key, 'type' | 'userId' | 'serviceId'>;

/** Whether there is none but the key itself, in a condition of the key. */
const isAlone = (eb: Keyed, id: Param<Id>, { type, userId, serviceId }: Param<Place>) =>
  eb.not(
    eb.exists(
      eb
        .selectFrom('keys as other')
        .select('other.id')
        .where('other.user_id', '=', userId)
        .where('other.service_id', '=', serviceId)
        .where('other.type', '=', type)
        .where(isLone)
        .where('other.id', '<>', id),
    ),
  );

const update = guarded(
  (db, key: Param<Omit<KeyUpdate, 'scopes'>>, scopes: Param<string>, isOfOne: Param<boolean>) =>
    db
      .updateTable('keys')
      .set({
        updated_at: key.updatedAt,
        is_enabled: key.isEnabled,
        name: key.name,
        scopes,
        expires_at: key.expiresAt,
      })
      .where('id', '=', key.id)
      .where((eb) => eb.or([sql<boolean>`${isOfOne} = 0`, isAlone(eb, key.id, key)])),
);

/** Disables the one of a kind that has expired. */
const giveWay = guarded((db, of: Param<KeyUpdate>, now: Param<Instant>) =>
  db
    .updateTable('keys')
    .set({ is_enabled: sql.lit(0), updated_at: now })
    .where('user_id', '=', of.userId)
    .where('service_id', '=', of.serviceId)
    .where('type', '=', of.type)
    .where(isLone)
    .where('expires_at', '<=', now),
);

const byId = one(
  (db, id: Param<Id>) => db.selectFrom('keys').select(columns).where('id', '=', id),
  asKey,
);

const foundBy = (column: 'digest' | 'previous_digest') =>
  lookup(
    (db, isAsked) => {
      const found = db
        .selectFrom('keys')
        .leftJoin('services', 'services.id', 'keys.service_id')
        .leftJoin('users', 'users.id', 'keys.user_id')
        .leftJoin('user_attributes', (join) =>
          join
            .onRef('user_attributes.user_id', '=', 'keys.user_id')
            .onRef('user_attributes.service_id', '=', 'keys.service_id'),
        )
        .select(joinedKey.columns)
        .select(joinedService.columns)
        .select(joinedSeenUser.columns)
        .select('overlap_ends_at as overlapEndsAt')
        .select(sql<string>`${sql.ref(column)}`.as('foundBy'))
        .where(isAsked(`keys.${column}`));
      // As the index `keys_rotated` has it.
      return column === 'digest' ? found : found.where('previous_digest', 'is not', null);
    },
    (row) => ({
      found: {
        key: joinedKey.of(row),
        service: row['services.id'] === null ? null : joinedService.of(row),
        user: row['users.id'] === null ? null : joinedSeenUser.of(row),
      },
      overlapEndsAt: row.overlapEndsAt,
    }),
    ({ found: { key, service, user } }) =>
      [key.id, service?.id, user?.id].filter((id) => id !== undefined),
  );
const byDigest = foundBy('digest');
const byPreviousDigest = foundBy('previous_digest');

/** The one of a kind that a user has at a service. */
const lone = one(
  (db, type: Param<Key['type']>, userId: Param<Id>, serviceId: Param<Id>) =>
    db
      .selectFrom('keys')
      .select(columns)
      .select('sealed')
      .where('user_id', '=', userId)
      .where('service_id', '=', serviceId)
      .where('type', '=', type)
      .where(isLone),
  ({ sealed, ...row }) => ({ key: asKey(row), sealed }),
);

const link = one((db, userId: Param<Id>, serviceId: Param<Id>) =>
  db
    .selectFrom('keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('service_id', '=', serviceId)
    .where('type', '<>', sql.lit('TOTP'))
    .limit(sql.lit(1)),
);

const lock = one(
  (db, id: Param<Id>) =>
    db.selectFrom('keys').select(columns).where('id', '=', id).forNoKeyUpdate(),
  asKey,
);

const ownIds = all(
  (db, serviceId?: Param<Id>) =>
    db
      .selectFrom('keys')
      .select('id')
      .where('user_id', 'is', null)
      .where((eb) =>
        serviceId === undefined ? eb('service_id', 'is', null) : eb('service_id', '=', serviceId),
      ),
  ({ id }) => id,
);

/** A state that the indexes by state have rows of: what is revoked is disabled. */
type Kind = Pick<Key, 'type' | 'isEnabled' | 'isRevoked'>;

const kinds: readonly Kind[] = keyTypes.flatMap((type) => [
  { type, isEnabled: true, isRevoked: false },
  { type, isEnabled: false, isRevoked: false },
  { type, isEnabled: false, isRevoked: true },
]);

/** Before every id. */
const FIRST: Id = '';

const inState = (kind?: Param<Kind>) =>
  [
    ['type', kind?.type],
    ['is_enabled', kind?.isEnabled],
    ['is_revoked', kind?.isRevoked],
  ] as const;

/** A page of the keys of a user at a service, of a service or of all, in one state or in any. */
const pageOf = (direction: 'asc' | 'desc') =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        after: Param<Id>,
        before?: Param<Id>,
        serviceId?: Param<Id>,
        userId?: Param<Id>,
        kind?: Param<Kind>,
      ) => {
        const { conditions, order } = rangeOf(
          [
            ['user_id', userId],
            ['service_id', serviceId],
            // A service may have very many keys of a kind, and a user has few there: all of them are looked at.
            ...(userId === undefined ? inState(kind) : []),
          ],
          { after, before },
        );
        let found = db.selectFrom('keys').select(columns);
        for (const condition of conditions) found = found.where(condition);
        if (userId !== undefined && kind !== undefined) {
          found = found
            .where(sql`type || ''`, '=', kind.type)
            .where(sql`is_enabled + 0`, '=', kind.isEnabled)
            .where(sql`is_revoked + 0`, '=', kind.isRevoked);
        }
        for (const column of order) found = found.orderBy(column, direction);
        return firstRows(db, found, size, limit);
      },
      asKey,
    ),
  );
const firstOf = pageOf('asc');
const lastOf = pageOf('desc');

/** Every key of a user is one at a service. */
const servicesOf = all(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('keys')
      .select('service_id as id')
      .where('user_id', '=', userId)
      .groupBy('service_id'),
  ({ id }) => id ?? '',
);

const byIds = all(
  (db, ids: Param<readonly Id[]>) => db.selectFrom('keys').select(columns).where('id', 'in', ids),
  asKey,
);

/**
 * One query for each value of the filter that an index has, each for a whole page, whose rows are merged: so no page costs
 * more where there are more keys.
 */
async function list(on: Connection, filter: KeyFilter, page: IdPage): Promise<Key[]> {
  const { after, before, limit } = page;
  const { ids, types, isEnabled, isRevoked, serviceIds, userIds } = filter;
  const isAfter = (id: Id) => after === undefined || id > after;
  const isBefore = (id: Id) => before === undefined || id < before;
  const isLast = before !== undefined && after === undefined;
  const isWanted = (kind: Kind): boolean =>
    (types?.includes(kind.type) ?? true) &&
    (isEnabled ?? kind.isEnabled) === kind.isEnabled &&
    (isRevoked ?? kind.isRevoked) === kind.isRevoked;

  const find = async (): Promise<Key[]> => {
    if (ids !== undefined) {
      const found = ids.length === 0 ? [] : await byIds(on)(ids);
      return found.filter(
        (key) =>
          isWanted(key) &&
          isAfter(key.id) &&
          isBefore(key.id) &&
          (serviceIds?.includes(key.serviceId ?? '') ?? true) &&
          (userIds?.includes(key.userId ?? '') ?? true),
      );
    }
    const wanted = kinds.filter(isWanted);
    const query = (isLast ? lastOf : firstOf)(limit)(on);
    const pages = [];
    for (const userId of userIds ?? [undefined]) {
      const places =
        serviceIds ?? (userId === undefined ? [undefined] : await servicesOf(on)(userId));
      for (const serviceId of places) {
        for (const kind of wanted.length === kinds.length ? [undefined] : wanted) {
          pages.push(await query(limit, after ?? FIRST, before, serviceId, userId, kind));
        }
      }
    }
    return pages.flat();
  };

  const found = (await find()).sort((a, b) => (a.id < b.id ? -1 : 1));
  return isLast ? found.slice(-limit) : found.slice(0, limit);
}

const rotate = write(
  (
    db,
    id: Param<Id>,
    to: Param<{ digest: string; sealed: string | null; prefix: string | null }>,
    overlapEndsAt: Param<Instant | null>,
    now: Param<Instant>,
    hasOverlap: Param<boolean>,
  ) =>
    db
      .updateTable('keys')
      .set({
        previous_digest: sql`case when ${hasOverlap} = 1 then digest end`,
        overlap_ends_at: overlapEndsAt,
        digest: to.digest,
        sealed: to.sealed,
        prefix: to.prefix,
        totp_step: null,
        updated_at: now,
      })
      .where('id', '=', id),
);

const revoked = { is_enabled: sql.lit<0>(0), is_revoked: sql.lit<1>(1) };

const revoke = guarded((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('keys')
    .set({ ...revoked, updated_at: now })
    .where('id', '=', id)
    .where('is_revoked', '=', sql.lit(0)),
);

const revokeAllOf = all(
  (db, userId: Param<Id>, now: Param<Instant>) =>
    db
      .updateTable('keys')
      .set({ ...revoked, updated_at: now })
      .where('user_id', '=', userId)
      .where('is_revoked', '=', sql.lit(0))
      .returning(columns),
  asKey,
);

/** Deletes the rows that refer to a key, and then the key: no row ever refers to one that is gone. */
const deletions = [
  ...sessionDeletions('key_id'),
  write((db, id: Param<Id>) => db.deleteFrom('keys').where('id', '=', id)),
];

const touch = write((db, { id, at }: Param<KeyUse>) =>
  db
    .updateTable('keys')
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)])),
);

/** Literally the condition of the index `keys_expiring`. Few keys expire within days: no other index is to be looked at. */
const isUntold = sql<boolean>`expires_at <> coalesce(expiry_told, 0)`;
const isUsableKey = sql<boolean>`type || '' = 'KEY' and keys.is_enabled + 0 = 1 and is_revoked + 0 = 0`;

const expiring = all(
  (db, now: Param<Instant>, until: Param<Instant>, limit: Param<number>) =>
    db
      .selectFrom('keys')
      .innerJoin('users', 'users.id', 'keys.user_id')
      .select(joinedKey.columns)
      .where(isUntold)
      .where(isUsableKey)
      .where('users.is_enabled', '=', sql.lit(1))
      .where('expires_at', '>', now)
      .where('expires_at', '<=', until)
      .orderBy('expires_at')
      .limit(limit),
  joinedKey.of,
);

const noteExpiryTold = write((db, id: Param<Id>) =>
  db
    .updateTable('keys')
    .set((eb) => ({ expiry_told: eb.ref('expires_at') }))
    .where('id', '=', id),
);

const spendTotpStep = guarded((db, id: Param<Id>, step: Param<number>) =>
  db
    .updateTable('keys')
    .set({ totp_step: step })
    .where('id', '=', id)
    .where('is_enabled', '=', sql.lit(1))
    .where('is_revoked', '=', sql.lit(0))
    .where((eb) => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', step)])),
);

/** The keys of services, users and the operator. */
export const keysOn = (on: Connection): Keys => {
  const visible = visibleUsersOn(on);
  const findCurrent = byDigest(on);
  const findRotated = byPreviousDigest(on);
  /** Tries again where the key that was in the way has expired. */
  const withRoom = async (of: KeyUpdate, run: () => Promise<boolean>): Promise<boolean> =>
    (await run()) || ((await giveWay(on)(of, of.updatedAt)) && run());
  const loneOf = async (type: Key['type'], userId: Id, serviceId: Id, now: Instant) => {
    const found = await lone(on)(type, userId, serviceId);
    return found && hasExpired(found.key, now) ? null : found;
  };

  return {
    async insert(key, { digest, sealed = null }) {
      const { userId, serviceId, type } = key;
      const isNew = await withRoom(key, () =>
        insert(on)(key, asScopes(key.scopes), digest, sealed),
      );
      const isSeen = userId !== null && serviceId !== null && type !== 'TOTP';
      if (isNew && isSeen) await visible.show(userId, serviceId);
      return isNew;
    },
    get: byId(on),
    list: (filter, page) => list(on, filter, page),
    async findByDigest(digest, now) {
      const current = await findCurrent(digest);
      if (current !== null) return current.found;
      const rotated = await findRotated(digest);
      return rotated && (rotated.overlapEndsAt ?? 0) > now ? rotated.found : null;
    },
    findToken: async (userId, serviceId, now) =>
      (await loneOf('TOKEN', userId, serviceId, now))?.key ?? null,
    linksUser: async (userId, serviceId) => (await link(on)(userId, serviceId)) !== null,
    lock: lock(on),
    async lockOwn(serviceId) {
      const locked: Key[] = [];
      // In one order, so that two who lock them do not wait for each other.
      for (const id of (await ownIds(on)(serviceId ?? undefined)).toSorted()) {
        const key = await lock(on)(id);
        if (key !== null) locked.push(key);
      }
      return locked;
    },
    update(key) {
      const isOfOne = key.type !== 'KEY' && key.isEnabled && !key.isRevoked && key.userId !== null;
      return withRoom(key, () => update(on)(key, asScopes(key.scopes), isOfOne));
    },
    rotate: (id, { secret: { digest, sealed = null }, prefix, overlapEndsAt }, now) =>
      rotate(on)(id, { digest, sealed, prefix }, overlapEndsAt, now, overlapEndsAt !== null),
    revoke: revoke(on),
    revokeAllOf: revokeAllOf(on),
    async delete(id) {
      await visible.leave(id);
      for (const deletion of deletions) await deletion(on)(id);
    },
    expiring: expiring(on),
    noteExpiryTold: noteExpiryTold(on),
    async touch(uses) {
      // In one order, so that two who do this do not wait for each other.
      for (const use of uses.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await touch(on)(use);
    },
    async findTotp(userId, serviceId, now) {
      const found = await loneOf('TOTP', userId, serviceId, now);
      return found && found.sealed !== null ? { id: found.key.id, sealed: found.sealed } : null;
    },
    spendTotpStep: spendTotpStep(on),
  };
};
