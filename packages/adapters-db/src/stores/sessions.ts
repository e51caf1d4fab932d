import type { Id, Instant, Origin, ProofMethod, Session } from '@rekey/domain';
import type { Sessions } from '@rekey/usecases';
import { type ExpressionBuilder, type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, asText, counted, guarded, joined, lookup, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { joinedKey } from './keys.ts';
import { bySize, firstRows, rangeOf } from './ranges.ts';
import { joinedSeenUser } from './user-rows.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'last_used_at as lastUsedAt',
  'expires_at as expiresAt',
  'user_id as userId',
  'service_id as serviceId',
  'key_id as keyId',
  'address',
  'client',
  'amr',
  'authenticated_at as authenticatedAt',
] as const;

type Row = Selection<Schema, 'sessions', (typeof columns)[number]>;

export const asMethods = (names: string): ProofMethod[] => names.split(' ') as ProofMethod[];

const asSession = ({ address, client, amr, authenticatedAt, ...row }: Row): Session => ({
  ...row,
  origin: { address, client },
  amr: asMethods(amr),
  authenticatedAt: authenticatedAt ?? row.createdAt,
});

/** Expressions, for columns by whose indexes nothing is to be found: others have fewer rows. */
const expiry = sql<number>`expires_at + 0`;
const serviceOfUser = sql<Id>`cast(service_id as text)`;
const keyOfUser = sql<Id>`cast(key_id as text)`;

/** Whether a session rests on a key that may be used now: its tokens are refused otherwise. */
const restsOnUsableKey = (eb: ExpressionBuilder<Schema, 'sessions'>, now: Param<Instant>) =>
  eb.exists(
    eb
      .selectFrom('keys')
      .select('keys.id')
      .whereRef('keys.id', '=', 'sessions.key_id')
      .where('keys.is_enabled', '=', sql.lit(1))
      .where('keys.is_revoked', '=', sql.lit(0))
      .where((of) => of.or([of('keys.expires_at', 'is', null), of('keys.expires_at', '>', now)])),
  );

const joinedSession = joined('sessions', columns, asSession);

type Stored = Omit<Session, 'origin' | 'amr'> & Origin & { readonly amr: string };

const insert = write((db, session: Param<Stored>) =>
  db.insertInto('sessions').values({
    id: session.id,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    user_id: session.userId,
    service_id: session.serviceId,
    key_id: session.keyId,
    address: session.address,
    client: session.client,
    amr: session.amr,
    authenticated_at: session.authenticatedAt,
  }),
);

const openById = lookup(
  (db, isAsked) =>
    db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .innerJoin('keys', 'keys.id', 'sessions.key_id')
      .leftJoin('user_attributes', (join) =>
        join
          .onRef('user_attributes.user_id', '=', 'sessions.user_id')
          .onRef('user_attributes.service_id', '=', 'sessions.service_id'),
      )
      .select(joinedSession.columns)
      .select(joinedSeenUser.columns)
      .select(joinedKey.columns)
      .select('sessions.id as foundBy')
      .where(isAsked('sessions.id'))
      .where('sessions.ended_at', 'is', null),
  (row) => ({
    session: joinedSession.of(row),
    user: joinedSeenUser.of(row),
    key: joinedKey.of(row),
  }),
  ({ user, key }) => [user.id, key.id],
);

/** A page of open sessions, of one user, of one service or of all. */
const pageOf = (direction: 'asc' | 'desc') =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        now: Param<Instant>,
        serviceId?: Param<Id>,
        userId?: Param<Id>,
        after?: Param<Id>,
        before?: Param<Id>,
      ) => {
        let query = db
          .selectFrom('sessions')
          .select(columns)
          .where('ended_at', 'is', null)
          .where(expiry, '>', now)
          .where((eb) => restsOnUsableKey(eb, now));
        // A user has few sessions: those at all services are looked at.
        if (userId !== undefined) query = query.where('user_id', '=', userId);
        if (userId !== undefined && serviceId !== undefined) {
          query = query.where(serviceOfUser, '=', serviceId);
        }
        const { conditions, order } = rangeOf(
          [['service_id', userId === undefined ? serviceId : undefined]],
          { after, before },
        );
        for (const condition of conditions) query = query.where(condition);
        for (const column of order) query = query.orderBy(column, direction);
        return firstRows(db, query, size, limit);
      },
      asSession,
    ),
  );
const firstOf = pageOf('asc');
const lastOf = pageOf('desc');

const ofUser = all(
  (db, userId: Param<Id>, after: Param<Id>, limit: Param<number>) =>
    db
      .selectFrom('sessions')
      .select(columns)
      .select('ended_at as endedAt')
      .where('user_id', '=', userId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
  ({ endedAt, ...row }) => ({ ...asSession(row), endedAt }),
);

const end = guarded((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('id', '=', id)
    .where('ended_at', 'is', null),
);

const endAllOf = write((db, userId: Param<Id>, now: Param<Instant>, except?: Param<Id>) => {
  const all = db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null);
  return except === undefined ? all : all.where('id', '!=', except);
});

const endAllOn = write((db, key: Param<{ id: Id; userId: Id }>, now: Param<Instant>) =>
  db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', key.userId)
    .where(keyOfUser, '=', key.id)
    .where('ended_at', 'is', null),
);

const endAllAt = counted((db, userId: Param<Id>, serviceId: Param<Id>, now: Param<Instant>) =>
  db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', userId)
    .where('service_id', '=', serviceId)
    .where('ended_at', 'is', null),
);

const endExpired = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .updateTable('sessions')
    .set({ ended_at: sql<number>`expires_at` })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .select('id')
        .where('ended_at', 'is', null)
        .where('expires_at', '<=', now)
        .limit(limit)
        .forNoKeyUpdate()
        .skipLocked(),
    ),
);

const renew = write((db, id: Param<Id>, lastUsedAt: Param<Instant>, expiresAt: Param<Instant>) =>
  db
    .updateTable('sessions')
    .set({ last_used_at: lastUsedAt, expires_at: expiresAt })
    .where('id', '=', id),
);

const strengthen = guarded(
  (db, id: Param<Id>, amr: Param<string>, authenticatedAt: Param<Instant>) =>
    db
      .updateTable('sessions')
      .set({ amr, authenticated_at: authenticatedAt })
      .where('id', '=', id)
      .where('ended_at', 'is', null),
);

const touch = write((db, id: Param<Id>, at: Param<Instant>) =>
  db
    .updateTable('sessions')
    .set({ last_used_at: at })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .select('id')
        .where('id', '=', id)
        .where('last_used_at', '<', at)
        .forNoKeyUpdate()
        .skipLocked(),
    ),
);

type RefreshToken = { digest: string; sessionId: Id; createdAt: Instant; expiresAt: Instant };

const insertRefresh = write((db, token: Param<RefreshToken>) =>
  db.insertInto('refresh_tokens').values({
    digest: token.digest,
    session_id: token.sessionId,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
  }),
);

const refreshByDigest = one(
  (db, digest: Param<string>) =>
    db
      .selectFrom('refresh_tokens')
      .innerJoin('sessions', 'sessions.id', 'session_id')
      .select([
        'sessions.id as sessionId',
        'sessions.created_at as loginAt',
        'user_id as userId',
        'service_id as serviceId',
        'refresh_tokens.expires_at as expiresAt',
        'spent_at as spentAt',
        'ended_at as endedAt',
        'amr',
        'authenticated_at as authenticatedAt',
      ])
      .where('digest', '=', asText(digest)),
  ({ spentAt, endedAt, amr, authenticatedAt, ...token }) => ({
    ...token,
    amr: asMethods(amr),
    authenticatedAt: authenticatedAt ?? token.loginAt,
    isSpent: spentAt !== null,
    isOpen: endedAt === null,
  }),
);

const spendRefresh = guarded((db, digest: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('refresh_tokens')
    .set({ spent_at: now })
    .where('digest', '=', digest)
    .where('spent_at', 'is', null),
);

const pruneRefresh = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('refresh_tokens')
    .where('digest', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .innerJoin('refresh_tokens', 'session_id', 'id')
        .select('digest')
        .where('ended_at', '<', before)
        .limit(limit),
    ),
);

const pruneBare = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('sessions')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .leftJoin('refresh_tokens', 'session_id', 'id')
        .select('id')
        .where('ended_at', '<', before)
        .where('digest', 'is', null)
        .limit(limit),
    ),
);

/** Each user has a query of its own, which finds no more rows than the page has. */
const listOn =
  (on: Connection): Sessions['list'] =>
  async ({ serviceId, userIds }, page, now) => {
    const { before, limit } = page;
    const isLast = before !== undefined && page.after === undefined;
    // All ids are after the empty text.
    const after = isLast ? undefined : (page.after ?? '');
    const find = (isLast ? lastOf : firstOf)(limit)(on);
    const found: Session[] = [];
    for (const userId of new Set(userIds ?? [undefined])) {
      found.push(...(await find(limit, now, serviceId, userId, after, before)));
    }
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return isLast ? found.slice(-limit) : found.slice(0, limit);
  };

/** The sessions and the refresh tokens that keep them going. */
export const sessionsOn = (on: Connection): Sessions => ({
  insert: ({ origin, amr, ...session }) =>
    insert(on)({ ...session, ...origin, amr: amr.join(' ') }),
  findOpen: openById(on),
  list: listOn(on),
  ofUser: ofUser(on),
  end: end(on),
  endAllOf: endAllOf(on),
  endAllAt: endAllAt(on),
  endAllOn: endAllOn(on),
  endExpired: endExpired(on),
  renew: renew(on),
  strengthen: (id, { amr, authenticatedAt }) => strengthen(on)(id, amr.join(' '), authenticatedAt),
  touch: async (uses) => {
    for (const { id, at } of uses) await touch(on)(id, at);
  },
  insertRefresh: insertRefresh(on),
  findRefresh: refreshByDigest(on),
  spendRefresh: spendRefresh(on),
  prune: async (before, limit) =>
    (await pruneRefresh(on)(before, limit)) + (await pruneBare(on)(before, limit)),
});
