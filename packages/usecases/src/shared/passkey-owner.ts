import {
  type Actor,
  Forbidden,
  IllegalArgument,
  InvalidToken,
  MAX_PASSKEYS,
  placeOf,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { maybeClaimedEmail } from './claimed-email.ts';
import { findChallenge } from './demand-factor.ts';
import { personOf } from './person.ts';
import { lockPerson } from './with-code.ts';

/** The person who is to get a passkey. */
export type PasskeyOwner = {
  /** Has to be that of the person; whoever has a challenge alone may not know it. */
  readonly email?: string | undefined;
  /** Of a login that asked to enrol a factor; a person with a session needs none. */
  readonly challenge?: string | undefined;
};

/** The user who is to get a passkey, locked, and the digest of the challenge that stands for a session; null for none. */
type Owning = { readonly user: User; readonly enrolment: string | null };

/**
 * Locks the account of the person who is to get a passkey. Throws `Forbidden` for whoever is not that person,
 * `InvalidToken` for a challenge that is not good for it, `Unauthorized` where the session ended, and `IllegalArgument`
 * where there are as many passkeys as there may be.
 */
export async function lockPasskeyOwner(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  stores: Stores,
  actor: Actor,
  owner: PasskeyOwner,
): Promise<Owning> {
  const owning = await (owner.challenge === undefined
    ? bySession(ports, stores, actor, owner)
    : byEnrolment(ports, stores, actor, { ...owner, text: owner.challenge }));
  const { length } = await stores.passkeys.ofUser(owning.user.id);
  if (length >= MAX_PASSKEYS) {
    const message = `has ${MAX_PASSKEYS} passkeys already: one of them has to be removed first`;
    throw new IllegalArgument([{ field: 'email', message, code: 'out_of_range' }]);
  }
  return owning;
}

async function bySession(
  ports: Pick<Ports, 'clock'>,
  stores: Stores,
  actor: Actor,
  { email }: PasskeyOwner,
): Promise<Owning> {
  const { account } = await lockPerson(ports, stores, personOf(actor));
  if (!isOf(account.user, actor, email)) throw new Forbidden('forbidden');
  return { user: account.user, enrolment: null };
}

async function byEnrolment(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  stores: Stores,
  actor: Actor,
  { email, text }: PasskeyOwner & { readonly text: string },
): Promise<Owning> {
  const of = { kind: 'enrolment', text, userId: null } as const;
  const challenge = await findChallenge(ports, stores, placeOf(actor), of);
  const account = challenge && (await stores.users.lock(challenge.userId));
  if (!account || !challenge) throw new InvalidToken();
  const { user, credential } = account;
  const { hasTotp, hasPasskey } = user.factors;
  const isOwner = user.isEnabled && isOf(user, actor, email);
  // A factor that is there is to be shown, and no other one to be made without it.
  const isGood = credential.version === challenge.version && !hasTotp && !hasPasskey;
  if (!isOwner || !isGood) throw new InvalidToken();
  return { user, enrolment: challenge.digest };
}

const isOf = (user: User, actor: Actor, email: string | undefined): boolean =>
  user.email === (maybeClaimedEmail(actor, email) ?? user.email);
