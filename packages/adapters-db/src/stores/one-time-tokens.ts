import type { Id, Instant, OneTimeToken, Origin, Purpose, RightDetails } from '@rekey/domain';
import type { OneTimeTokens } from '@rekey/usecases';
import { type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, joined, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';

const columns = [
  'id',
  'purpose',
  'user_id as userId',
  'service_id as serviceId',
  'email',
  'address',
  'client',
  'key_id as keyId',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'version',
  'details',
] as const;

type Row = Selection<Schema, 'one_time_tokens', (typeof columns)[number]>;

const asToken = ({ address, client, details, ...row }: Row): OneTimeToken<Id | null> => ({
  ...row,
  origin: { address, client },
  details: details === null ? null : (JSON.parse(details) as RightDetails),
});

/** One that has a user. */
const asOwned = (row: Row): OneTimeToken => asToken(row) as OneTimeToken;

/** A right in the answer of a join. */
export const joinedToken = joined('one_time_tokens', columns, asToken);

type Stored = Omit<OneTimeToken<Id | null>, 'origin' | 'details'>;

const insert = write(
  (db, token: Param<Stored>, { address, client }: Param<Origin>, details: Param<string | null>) =>
    db.insertInto('one_time_tokens').values({
      id: token.id,
      purpose: token.purpose,
      user_id: token.userId,
      service_id: token.serviceId,
      email: token.email,
      address,
      client,
      key_id: token.keyId,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      version: token.version,
      details,
    }),
);

const goodById = one(
  (db, id: Param<Id>, now: Param<Instant>) =>
    db
      .selectFrom('one_time_tokens')
      .select(columns)
      .where('id', '=', id)
      .where('spent_at', 'is', null)
      .where('expires_at', '>', now),
  asToken,
);

const spentById = one(
  (db, id: Param<Id>, now: Param<Instant>) =>
    db
      .selectFrom('one_time_tokens')
      .select([...columns, 'spent_at as spentAt'])
      .where('id', '=', id)
      .where('spent_at', 'is not', null)
      .where('expires_at', '>', now),
  ({ spentAt, ...row }) => ({ token: asToken(row), spentAt: spentAt ?? 0 }),
);

const ofDeleted = one((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .selectFrom('one_time_tokens')
    .select('id')
    .where('id', '=', id)
    .where('user_id', 'is', null)
    .where('purpose', '<>', sql.lit('register'))
    .where('expires_at', '>', now),
);

const lockOwner = one((db, id: Param<Id>) =>
  db
    .selectFrom('users')
    .select('id')
    .where('id', '=', (eb) =>
      eb.selectFrom('one_time_tokens').select('user_id').where('one_time_tokens.id', '=', id),
    )
    .forNoKeyUpdate(),
);

/** When a right was mailed to the address that it has now. */
const mailedAt = (table: 'one_time_tokens' | 'presented') =>
  sql<Instant>`coalesce(${sql.ref(`${table}.readdressed_at`)}, ${sql.ref(`${table}.created_at`)})`;

const spend = all(
  (db, id: Param<Id>, now: Param<Instant>) =>
    db
      .updateTable('one_time_tokens')
      .from('one_time_tokens as presented')
      .set({ spent_at: now })
      .where('presented.id', '=', id)
      .where('presented.spent_at', 'is', null)
      .where('presented.expires_at', '>', now)
      .whereRef('one_time_tokens.user_id', '=', 'presented.user_id')
      .where('one_time_tokens.spent_at', 'is', null)
      .where((eb) =>
        eb.or([
          eb('one_time_tokens.email', '=', eb.ref('presented.email')),
          eb(mailedAt('one_time_tokens'), '>', mailedAt('presented')),
        ]),
      )
      .returning(columns.map((column) => `one_time_tokens.${column}` as const)),
  asOwned,
);

const use = one(
  (db, id: Param<Id>, now: Param<Instant>) =>
    db
      .updateTable('one_time_tokens')
      .set({ spent_at: now })
      .where('id', '=', id)
      .where('spent_at', 'is', null)
      .where('expires_at', '>', now)
      .returning(columns),
  asToken,
);

const anyGood = one(
  (db, userId: Param<Id>, purposes: Param<readonly Purpose[]>, now: Param<Instant>) =>
    db
      .selectFrom('one_time_tokens')
      .select('id')
      .where('user_id', '=', userId)
      .where('purpose', 'in', purposes)
      .where('spent_at', 'is', null)
      .where('expires_at', '>', now)
      .limit(sql.lit(1)),
);

const endAll = write(
  (db, userId: Param<Id>, purposes: Param<readonly Purpose[]>, now: Param<Instant>) =>
    db
      .updateTable('one_time_tokens')
      .set({ spent_at: now })
      .where('user_id', '=', userId)
      .where('purpose', 'in', purposes)
      .where('spent_at', 'is', null),
);

/** Each is literally a part of the condition of the index `one_time_tokens_of_address`. */
const aboutAddress = (purpose: 'register' | 'update_email') =>
  sql<boolean>`purpose = ${sql.lit(purpose)} and purpose in ('register', 'update_email')`;

const endRegistrations = write((db, email: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('one_time_tokens')
    .set({ spent_at: now })
    .where('email', '=', email)
    .where(aboutAddress('register'))
    .where('spent_at', 'is', null),
);

const reserving = one(
  (db, email: Param<string>, now: Param<Instant>, exceptFor: Param<Id>) =>
    db
      .selectFrom('one_time_tokens')
      .select('user_id as userId')
      .where('email', '=', email)
      .where(aboutAddress('update_email'))
      .where('spent_at', 'is', null)
      .where('expires_at', '>', now)
      .where('user_id', '<>', exceptFor)
      .limit(sql.lit(1)),
  ({ userId }) => userId,
);

const recovering = one(
  (db, email: Param<string>, exceptFor: Param<Id>) =>
    db
      .selectFrom('users')
      .select('id')
      .where('recover_to', '=', email)
      .where('id', '<>', exceptFor)
      .limit(sql.lit(1)),
  ({ id }) => id,
);

const earliest = one(
  (db, userId: Param<Id>, purpose: Param<Purpose>, after: Param<Instant>) =>
    db
      .selectFrom('one_time_tokens')
      .select(columns)
      .where('user_id', '=', userId)
      .where('purpose', '=', purpose)
      .where('created_at', '>', after)
      .where('readdressed_at', 'is', null)
      // Ids rise with time.
      .orderBy('created_at')
      .orderBy('id')
      .limit(sql.lit(1)),
  asOwned,
);

const endElsewhere = write((db, userId: Param<Id>, email: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('one_time_tokens')
    .set({ spent_at: now })
    .where('user_id', '=', userId)
    .where('email', '<>', email)
    .where('spent_at', 'is', null),
);

const latest = one((db, userId: Param<Id>, purpose: Param<Purpose>, after: Param<number>) =>
  db
    .selectFrom('one_time_tokens')
    .select('created_at as createdAt')
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .orderBy('created_at', 'desc')
    .limit(sql.lit(1))
    .offset(after),
);

const pruneDeliveries = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db.deleteFrom('deliveries').where('id', 'in', (eb) =>
    eb
      .selectFrom('one_time_tokens')
      .innerJoin('deliveries', 'token_id', 'one_time_tokens.id')
      .select('deliveries.id')
      .where('expires_at', '<', before)
      .where((closed) =>
        closed.or([closed('sent_at', 'is not', null), closed('dead_at', 'is not', null)]),
      )
      .limit(limit),
  ),
);

const pruneBare = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('one_time_tokens')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('one_time_tokens')
        .leftJoin('deliveries', 'token_id', 'one_time_tokens.id')
        .select('one_time_tokens.id')
        .where('expires_at', '<', before)
        .where('token_id', 'is', null)
        .limit(limit),
    ),
);

/** The rights that were mailed. */
export const oneTimeTokensOn = (on: Connection): OneTimeTokens => ({
  insert: ({ origin, details, ...token }) =>
    insert(on)(token, origin, details && JSON.stringify(details)),
  findGood: goodById(on),
  findSpent: spentById(on),
  isOfDeleted: async (id, now) => (await ofDeleted(on)(id, now)) !== null,
  async spend(id, now) {
    // Two links of a user that are pressed at once wait here, and never for each other's rights.
    await lockOwner(on)(id);
    const spent = await spend(on)(id, now);
    return spent.find((token) => token.id === id) ?? null;
  },
  async use(id, now) {
    await lockOwner(on)(id);
    return use(on)(id, now);
  },
  haveGood: async (userId, purposes, now) => (await anyGood(on)(userId, purposes, now)) !== null,
  endAll: endAll(on),
  endRegistrations: endRegistrations(on),
  isReserved: async (email, now, exceptFor = '') =>
    (await reserving(on)(email, now, exceptFor)) !== null ||
    (await recovering(on)(email, exceptFor)) !== null,
  reservedFor: async (email, now) =>
    (await reserving(on)(email, now, '')) ?? recovering(on)(email, ''),
  async earliest(userId, purposes, after) {
    // One by one, for an index has those of one purpose in their order.
    const found: OneTimeToken[] = [];
    for (const purpose of purposes) {
      const first = await earliest(on)(userId, purpose, after);
      if (first !== null) found.push(first);
    }
    const [first = null] = found.sort(
      (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1),
    );
    return first;
  },
  endElsewhere: endElsewhere(on),
  nthLatest: async (userId, purpose, n) =>
    (await latest(on)(userId, purpose, n - 1))?.createdAt ?? null,
  prune: async (before, limit) =>
    (await pruneDeliveries(on)(before, limit)) + (await pruneBare(on)(before, limit)),
});
