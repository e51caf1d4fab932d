import type { Id, Instant, OneTimeToken, Origin, Purpose } from '@rekey/domain';
import type { OneTimeTokens } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, joined, one, type Param, write } from '../query.ts';

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
] as const;

type Row<Owner> = Omit<OneTimeToken, 'origin' | 'userId'> & Origin & { readonly userId: Owner };

const withOrigin = <Owner>({ address, client, ...token }: Row<Owner>) => ({
  ...token,
  origin: { address, client },
});

/** One that is unspent, which has a user. */
const asToken = (row: Row<Id | null>): OneTimeToken => withOrigin(row as Row<Id>);

/** A right in the answer of a join. */
export const joinedToken = joined('one_time_tokens', columns, withOrigin);

const insert = write((db, token: Param<Omit<OneTimeToken, 'origin'>>, origin: Param<Origin>) =>
  db.insertInto('one_time_tokens').values({
    id: token.id,
    purpose: token.purpose,
    user_id: token.userId,
    service_id: token.serviceId,
    email: token.email,
    address: origin.address,
    client: origin.client,
    key_id: token.keyId,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
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

const ofDeleted = one((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .selectFrom('one_time_tokens')
    .select('id')
    .where('id', '=', id)
    .where('user_id', 'is', null)
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
          eb('one_time_tokens.created_at', '>', eb.ref('presented.created_at')),
        ]),
      )
      .returning(columns.map((column) => `one_time_tokens.${column}` as const)),
  asToken,
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
  insert: ({ origin, ...token }) => insert(on)(token, origin),
  findGood: goodById(on),
  isOfDeleted: async (id, now) => (await ofDeleted(on)(id, now)) !== null,
  async spend(id, now) {
    // Two links of a user that are pressed at once wait here, and never for each other's rights.
    await lockOwner(on)(id);
    const spent = await spend(on)(id, now);
    return spent.find((token) => token.id === id) ?? null;
  },
  nthLatest: async (userId, purpose, n) =>
    (await latest(on)(userId, purpose, n - 1))?.createdAt ?? null,
  prune: async (before, limit) =>
    (await pruneDeliveries(on)(before, limit)) + (await pruneBare(on)(before, limit)),
});
