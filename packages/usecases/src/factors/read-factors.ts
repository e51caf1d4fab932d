import {
  type Actor,
  type Id,
  type Instant,
  NotFound,
  type Passkey,
  type ProviderLink,
  type SecondFactors,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

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

/** Shows the operator which second factors a user has, and which accounts at providers open the account. */
export class ReadFactors {
  readonly #ports: Pick<Ports, 'database' | 'clock'>;

  constructor(ports: Pick<Ports, 'database' | 'clock'>) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for an unknown user. */
  async execute(
    actor: Actor,
    { userId }: { readonly userId: Id },
  ): Promise<SeenFactors & { readonly providerLinks: readonly ProviderLink[] }> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const { found, providerLinks } = await database.read(async (stores) => ({
      found: await seenFactors(stores, userId, clock.now()),
      providerLinks: await stores.providerLinks.ofUser(userId),
    }));
    if (found === null) throw new NotFound();
    return { ...found, providerLinks };
  }
}

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
