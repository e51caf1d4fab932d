import type { Challenge, ChallengeKind, Id, Instant, TotpSeed } from '@rekey/domain';
import type { FactorCounts, Factors } from '@rekey/usecases';
import { type Selection, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, guarded, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { asMethods } from './sessions.ts';

const CONFIRMED = sql.lit(1 as const);
const UNCONFIRMED = sql.lit(0 as const);

const deletePending = write((db, userId: Param<Id>) =>
  db.deleteFrom('totp_seeds').where('user_id', '=', userId).where('is_confirmed', '=', UNCONFIRMED),
);

const insertSeed = write((db, seed: Param<TotpSeed>) =>
  db.insertInto('totp_seeds').values({
    id: seed.id,
    created_at: seed.createdAt,
    user_id: seed.userId,
    is_confirmed: UNCONFIRMED,
    expires_at: seed.expiresAt,
    sealed: seed.sealed,
  }),
);

const seedsOf = all((db, userId: Param<Id>) =>
  db
    .selectFrom('totp_seeds')
    .select([
      'id',
      'user_id as userId',
      'created_at as createdAt',
      'expires_at as expiresAt',
      'sealed',
      'step',
      'last_used_at as lastUsedAt',
    ])
    .where('user_id', '=', userId),
);

const deleteConfirmed = write((db, id: Param<Id>, now: Param<Instant>) =>
  db
    .deleteFrom('totp_seeds')
    .where('user_id', '=', (eb) =>
      eb
        .selectFrom('totp_seeds as other')
        .select('user_id')
        .where('id', '=', id)
        .where('expires_at', '>', now),
    )
    .where('is_confirmed', '=', CONFIRMED),
);

const confirm = guarded((db, id: Param<Id>, step: Param<number>, now: Param<Instant>) =>
  db
    .updateTable('totp_seeds')
    .set({ is_confirmed: CONFIRMED, expires_at: null, step, last_used_at: now })
    .where('id', '=', id)
    .where('is_confirmed', '=', UNCONFIRMED)
    .where('expires_at', '>', now),
);

const spendStep = guarded((db, id: Param<Id>, step: Param<number>, now: Param<Instant>) =>
  db
    .updateTable('totp_seeds')
    .set({ step, last_used_at: now })
    .where('id', '=', id)
    .where('is_confirmed', '=', CONFIRMED)
    .where((eb) => eb.or([eb('step', 'is', null), eb('step', '<', step)])),
);

const deleteSeeds = counted((db, userId: Param<Id>) =>
  db.deleteFrom('totp_seeds').where('user_id', '=', userId).where('is_confirmed', '=', CONFIRMED),
);

const deleteCodes = write((db, userId: Param<Id>) =>
  db.deleteFrom('recovery_codes').where('user_id', '=', userId),
);

const insertCode = write((db, userId: Param<Id>, digest: Param<string>) =>
  db.insertInto('recovery_codes').values({ user_id: userId, digest }),
);

const codesOf = one(
  (db, userId: Param<Id>) =>
    db
      .selectFrom('recovery_codes')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('user_id', '=', userId),
  ({ count }) => Number(count),
);

const code = one((db, userId: Param<Id>, digest: Param<string>) =>
  db
    .selectFrom('recovery_codes')
    .select('digest')
    .where('user_id', '=', userId)
    .where('digest', '=', digest),
);

const spendCode = guarded((db, userId: Param<Id>, digest: Param<string>) =>
  db.deleteFrom('recovery_codes').where('user_id', '=', userId).where('digest', '=', digest),
);

const columns = [
  'digest',
  'kind',
  'user_id as userId',
  'service_id as serviceId',
  'version',
  'amr',
  'mark',
  'device_id as deviceId',
  'created_at as createdAt',
  'expires_at as expiresAt',
] as const;

const asChallenge = ({
  amr,
  ...row
}: Selection<Schema, 'challenges', (typeof columns)[number]>): Challenge => ({
  ...row,
  amr: asMethods(amr),
});

type Stored = Omit<Challenge, 'amr'> & { readonly amr: string };

const insertChallenge = write((db, challenge: Param<Stored>) =>
  db.insertInto('challenges').values({
    digest: challenge.digest,
    kind: challenge.kind,
    user_id: challenge.userId,
    service_id: challenge.serviceId,
    version: challenge.version,
    amr: challenge.amr,
    mark: challenge.mark,
    device_id: challenge.deviceId,
    created_at: challenge.createdAt,
    expires_at: challenge.expiresAt,
  }),
);

const challengeBy = one(
  (db, digest: Param<string>, now: Param<Instant>) =>
    db
      .selectFrom('challenges')
      .select(columns)
      .where('digest', '=', digest)
      .where('expires_at', '>', now),
  asChallenge,
);

type Source = Pick<Challenge, 'userId' | 'serviceId' | 'mark'> & { readonly kind: ChallengeKind };

const latest = one(
  (db, { userId, serviceId, mark, kind }: Param<Source>, now: Param<Instant>) =>
    db
      .selectFrom('challenges')
      .select(columns)
      .where('user_id', '=', userId)
      .where('service_id', '=', serviceId)
      .where('mark', '=', mark)
      .where('kind', '=', kind)
      .where('expires_at', '>', now)
      .orderBy('created_at', 'desc')
      .limit(sql.lit(1)),
  asChallenge,
);

const spendChallenge = guarded((db, digest: Param<string>, now: Param<Instant>) =>
  db.deleteFrom('challenges').where('digest', '=', digest).where('expires_at', '>', now),
);

const endChallenges = write((db, userId: Param<Id>) =>
  db.deleteFrom('challenges').where('user_id', '=', userId),
);

const pruneChallenges = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('challenges')
    .where('digest', 'in', (eb) =>
      eb.selectFrom('challenges').select('digest').where('expires_at', '<=', now).limit(limit),
    ),
);

const pruneSeeds = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('totp_seeds')
    .where('id', 'in', (eb) =>
      eb.selectFrom('totp_seeds').select('id').where('expires_at', '<=', now).limit(limit),
    ),
);

/** All are counted on an index. */
const countUsers = all((db) =>
  db
    .selectFrom('totp_seeds')
    .select([sql.lit<string>('totp').as('kind'), sql<number>`count(*)`.as('count')])
    .where('is_confirmed', '=', CONFIRMED)
    .unionAll(
      db
        .selectFrom('passkeys')
        .select([
          sql.lit<string>('passkey').as('kind'),
          sql<number>`count(distinct user_id)`.as('count'),
        ]),
    )
    .unionAll(
      db
        .selectFrom('provider_links')
        .select(['provider as kind', sql<number>`count(*)`.as('count')])
        .groupBy('provider'),
    ),
);

/** The second factors that somebody types, and the proofs that wait for one. */
export const factorsOn = (on: Connection): Factors => ({
  async insertSeed(seed) {
    await deletePending(on)(seed.userId);
    await insertSeed(on)(seed);
  },
  async seedsOf(userId, now) {
    const seeds = await seedsOf(on)(userId);
    return {
      confirmed: seeds.find(({ expiresAt }) => expiresAt === null) ?? null,
      pending: seeds.find(({ expiresAt }) => expiresAt !== null && expiresAt > now) ?? null,
    };
  },
  async confirmSeed(id, step, now) {
    await deleteConfirmed(on)(id, now);
    return confirm(on)(id, step, now);
  },
  spendStep: spendStep(on),
  async deleteSeeds(userId) {
    await deletePending(on)(userId);
    await deleteCodes(on)(userId);
    return deleteSeeds(on)(userId);
  },
  async replaceCodes(userId, digests) {
    await deleteCodes(on)(userId);
    for (const digest of digests) await insertCode(on)(userId, digest);
  },
  countCodes: async (userId) => (await codesOf(on)(userId)) ?? 0,
  hasCode: async (userId, digest) => (await code(on)(userId, digest)) !== null,
  spendCode: spendCode(on),
  insertChallenge: ({ amr, ...challenge }) =>
    insertChallenge(on)({ ...challenge, amr: amr.join(' ') }),
  findChallenge: challengeBy(on),
  latestChallenge: latest(on),
  spendChallenge: spendChallenge(on),
  endChallenges: endChallenges(on),
  async countUsers() {
    const counted = await countUsers(on)();
    const of = (kind: keyof FactorCounts) =>
      Number(counted.find((each) => each.kind === kind)?.count ?? 0);
    return {
      totp: of('totp'),
      passkey: of('passkey'),
      google: of('google'),
      github: of('github'),
      microsoft: of('microsoft'),
    };
  },
  prune: async (now, limit) =>
    (await pruneChallenges(on)(now, limit)) + (await pruneSeeds(on)(now, limit)),
});
