import type { Id, Instant, Passkey } from '@rekey/domain';
import type { Passkeys } from '@rekey/usecases';
import type { Selection } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, counted, guarded, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';

const columns = [
  'id',
  'user_id as userId',
  'created_at as createdAt',
  'last_used_at as lastUsedAt',
  'name',
  'credential_id as credentialId',
  'public_key as publicKey',
  'rp_id as rpId',
  'counter',
  'transports',
  'is_backup_eligible as isBackupEligible',
  'is_backed_up as isBackedUp',
  'is_user_verified as isUserVerified',
] as const;

const asPasskey = ({
  transports,
  isBackupEligible,
  isBackedUp,
  isUserVerified,
  ...row
}: Selection<Schema, 'passkeys', (typeof columns)[number]>): Passkey => ({
  ...row,
  transports: transports === '' ? [] : transports.split(' '),
  isBackupEligible: isBackupEligible === 1,
  isBackedUp: isBackedUp === 1,
  isUserVerified: isUserVerified === 1,
});

const insert = guarded(
  (db, passkey: Param<Omit<Passkey, 'transports'>>, transports: Param<string>) =>
    db
      .insertInto('passkeys')
      .values({
        id: passkey.id,
        user_id: passkey.userId,
        created_at: passkey.createdAt,
        last_used_at: passkey.lastUsedAt,
        name: passkey.name,
        credential_id: passkey.credentialId,
        public_key: passkey.publicKey,
        rp_id: passkey.rpId,
        counter: passkey.counter,
        transports,
        is_backup_eligible: passkey.isBackupEligible,
        is_backed_up: passkey.isBackedUp,
        is_user_verified: passkey.isUserVerified,
      })
      .onConflict((conflict) => conflict.column('credential_id').doNothing()),
);

const find = one(
  (db, credentialId: Param<string>) =>
    db.selectFrom('passkeys').select(columns).where('credential_id', '=', credentialId),
  asPasskey,
);

const ofUser = all(
  (db, userId: Param<Id>) =>
    db.selectFrom('passkeys').select(columns).where('user_id', '=', userId).orderBy('id'),
  asPasskey,
);

type Use = Parameters<Passkeys['use']>[1];

/** As `goesOn`. */
const use = guarded((db, id: Param<Id>, { at, counter, isBackedUp }: Param<Use>) =>
  db
    .updateTable('passkeys')
    .set({ last_used_at: at, counter, is_backed_up: isBackedUp })
    .where('id', '=', id)
    .where((eb) =>
      eb.or([eb('counter', '<', counter), eb.and([eb('counter', '=', 0), eb(counter, '=', 0)])]),
    ),
);

const remove = guarded((db, id: Param<Id>, userId: Param<Id>) =>
  db.deleteFrom('passkeys').where('id', '=', id).where('user_id', '=', userId),
);

const removeAllOf = write((db, userId: Param<Id>) =>
  db.deleteFrom('passkeys').where('user_id', '=', userId),
);

const spendChallenge = guarded((db, challenge: Param<string>, expiresAt: Param<Instant>) =>
  db
    .insertInto('passkey_challenges')
    .values({ challenge, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('challenge').doNothing()),
);

const pruneChallenges = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('passkey_challenges')
    .where('challenge', 'in', (eb) =>
      eb
        .selectFrom('passkey_challenges')
        .select('challenge')
        .where('expires_at', '<=', now)
        .limit(limit),
    ),
);

/** Passkeys, and the challenges that were spent on them. */
export const passkeysOn = (on: Connection): Passkeys => ({
  insert: (passkey) => insert(on)(passkey, passkey.transports.join(' ')),
  find: find(on),
  ofUser: ofUser(on),
  use: use(on),
  delete: remove(on),
  async deleteAllOf(userId) {
    const passkeys = await ofUser(on)(userId);
    await removeAllOf(on)(userId);
    return passkeys;
  },
  spendChallenge: spendChallenge(on),
  pruneChallenges: pruneChallenges(on),
});
