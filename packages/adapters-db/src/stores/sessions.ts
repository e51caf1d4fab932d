import type { Id, Instant, Session } from '@rekey/domain';
import type { Sessions } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { asText, counted, guarded, joined, one, type Param, write } from '../query.ts';
import { joinedKey } from './keys.ts';
import { joinedUser } from './users.ts';

const joinedSession = joined(
  'sessions',
  [
    'id',
    'created_at as createdAt',
    'expires_at as expiresAt',
    'user_id as userId',
    'service_id as serviceId',
    'key_id as keyId',
  ],
  (row): Session => row,
);

const insert = write((db, session: Param<Session>) =>
  db.insertInto('sessions').values({
    id: session.id,
    created_at: session.createdAt,
    expires_at: session.expiresAt,
    user_id: session.userId,
    service_id: session.serviceId,
    key_id: session.keyId,
  }),
);

const openById = one(
  (db, id: Param<Id>) =>
    db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .innerJoin('keys', 'keys.id', 'sessions.key_id')
      .select(joinedSession.columns)
      .select(joinedUser.columns)
      .select(joinedKey.columns)
      .where('sessions.id', '=', asText(id))
      .where('sessions.ended_at', 'is', null),
  (row) => ({
    session: joinedSession.of(row),
    user: joinedUser.of(row),
    key: joinedKey.of(row),
  }),
);

const end = write((db, id: Param<Id>, now: Param<Instant>) =>
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
    .where('key_id', '=', key.id)
    .where('ended_at', 'is', null),
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
      .select(['session_id as sessionId', 'expires_at as expiresAt', 'spent_at as spentAt'])
      .where('digest', '=', digest),
  ({ spentAt, ...token }) => ({ ...token, isSpent: spentAt !== null }),
);

const spendRefresh = guarded((db, digest: Param<string>, now: Param<Instant>) =>
  db
    .updateTable('refresh_tokens')
    .set({ spent_at: now })
    .where('digest', '=', digest)
    .where('spent_at', 'is', null),
);

/** When a session was over. Literally the expression of the index `sessions_over`. */
const over = sql<number>`coalesce(sessions.ended_at, sessions.expires_at)`;

const pruneRefresh = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('refresh_tokens')
    .where('digest', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .innerJoin('refresh_tokens', 'session_id', 'id')
        .select('digest')
        .where(over, '<', before)
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
        .where(over, '<', before)
        .where('digest', 'is', null)
        .limit(limit),
    ),
);

/** The sessions and the refresh tokens that keep them going. */
export const sessionsOn = (on: Connection): Sessions => ({
  insert: insert(on),
  findOpen: openById(on),
  end: end(on),
  endAllOf: endAllOf(on),
  endAllOn: endAllOn(on),
  insertRefresh: insertRefresh(on),
  findRefresh: refreshByDigest(on),
  spendRefresh: spendRefresh(on),
  prune: async (before, limit) =>
    (await pruneRefresh(on)(before, limit)) + (await pruneBare(on)(before, limit)),
});
