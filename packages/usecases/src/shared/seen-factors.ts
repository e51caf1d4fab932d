import type { Id, Instant, Passkey, SecondFactors } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** The second factors of a user, without any secret. */
export type SeenFactors = {
  readonly totp: {
    readonly id: Id;
    readonly createdAt: Instant;
    readonly lastUsedAt: Instant | null;
  } | null;
  /** The oldest first. */
  readonly passkeys: readonly Omit<Passkey, 'userId' | 'credentialId' | 'publicKey'>[];
  /** How many are unspent. */
  readonly recoveryCodes: number;
  /** Where a login takes a factor. */
  readonly demands: Pick<SecondFactors, 'atPassword' | 'atProvider'>;
};

/** Looks at the second factors of a user; null for an unknown one. */
export async function seenFactors(
  { users, factors, passkeys }: Pick<Stores, 'users' | 'factors' | 'passkeys'>,
  userId: Id,
  now: Instant,
): Promise<SeenFactors | null> {
  const user = await users.get(userId);
  if (user === null) return null;
  const { confirmed } = await factors.seedsOf(userId, now);
  const { atPassword, atProvider } = user.factors;
  return {
    totp: confirmed && {
      id: confirmed.id,
      createdAt: confirmed.createdAt,
      lastUsedAt: confirmed.lastUsedAt,
    },
    passkeys: (await passkeys.ofUser(userId)).map(
      ({ userId: _user, credentialId: _id, publicKey: _key, ...seen }) => seen,
    ),
    recoveryCodes: await factors.countCodes(userId),
    demands: { atPassword, atProvider },
  };
}
