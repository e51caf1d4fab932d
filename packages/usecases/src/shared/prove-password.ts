import { type Actor, type Id, type Key, may, placeOf, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { isKnownTo } from './known-user.ts';
import type { Member } from './member.ts';
import type { AuditCause } from './record.ts';

/** A claim to be the owner of an account: the normalized address, and the password as it was typed. */
export type Claim = { readonly email: string; readonly password: string };

/** A user who proved the claim, and all that the proof rests on. */
export type Proof = Member & {
  readonly passwordHash: string;
  readonly sealedQuality: string | null;
};

/**
 * Proves a claim at the service of the actor. Unknown and disabled users, a wrong password, no password, no TOKEN key
 * at the service, and a claim to be somebody else than the session's user all cost one hash and prove nothing.
 * `userId` is null where the service may not know of the user; `cause` is for the audit, and not for the answer.
 */
export async function provePassword(
  { database, hasher, clock }: Pick<Ports, 'database' | 'hasher' | 'clock'>,
  actor: Actor,
  { email, password }: Claim,
): Promise<{ userId: Id | null; proof: Proof | null; cause: AuditCause | null }> {
  const place = placeOf(actor);
  const { serviceId } = place;
  const { userId, account, cause } = await database.read(async (stores) => {
    const found = await stores.users.findByEmail(email);
    if (found === null) return { userId: null, account: null, cause: null };
    const { user, credential } = found;
    const { passwordHash, ...rest } = credential;
    const tokenKey = await stores.keys.findToken(user.id, serviceId, clock.now());
    const service = await stores.services.get(serviceId);
    // A user that the service may not see is not found in its audit either.
    const isKnown = tokenKey !== null || (await isKnownTo(stores, user, serviceId));
    const userId = isKnown ? user.id : null;
    const isAllowed = may(actor, 'prove password', { userId: user.id });
    if (!user.isEnabled || !isAllowed || passwordHash === null || !tokenKey || !service) {
      const cause = isAllowed ? causeOf(user, passwordHash, tokenKey) : null;
      return { userId, account: null, cause };
    }
    return { userId, account: { user, service, tokenKey, passwordHash, ...rest }, cause: null };
  });
  const stored = account && { hash: account.passwordHash, userId: account.user.id };
  const isRight = await hasher.verify(password, stored, place);
  return { userId, proof: isRight ? account : null, cause };
}

/** It depends on the account alone, and tells nothing of the password that was tried. */
function causeOf(user: User, passwordHash: string | null, tokenKey: Key | null): AuditCause | null {
  if (user.isLocked) return 'user_locked';
  if (!user.isEnabled) return 'user_disabled';
  if (passwordHash === null) return 'no_password';
  return tokenKey === null ? 'no_token_key' : null;
}
