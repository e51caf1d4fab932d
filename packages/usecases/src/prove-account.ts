import {
  type Id,
  InvalidCredentials,
  type Key,
  normalizePassword,
  parseAll,
  parseEmail,
  type Service,
  type User,
} from '@rekey/domain';
import type { Ports } from './ports.ts';

/** What somebody says to be: the owner of an account at a service. */
export type Claim = { readonly serviceId: Id; readonly email: string; readonly password: string };

/** A user who proved it, and what the proof rests on. */
export type Proof = {
  readonly user: User;
  readonly service: Service;
  readonly tokenKey: Key;
  /** Normalized. */
  readonly password: string;
  readonly passwordHash: string;
  /** The version of the credential: the proof is worth nothing once it has moved on. */
  readonly version: number;
};

/**
 * Proves a claim. Unknown and disabled users, a wrong password, no password and no TOKEN key
 * at the service all cost one hash and end in the same `InvalidCredentials`.
 * `onlyUser` is the one user it may be, where a session says so.
 */
export async function proveAccount(
  { database, hasher }: Pick<Ports, 'database' | 'hasher'>,
  claim: Claim,
  onlyUser?: Id,
): Promise<Proof> {
  const { email, password } = parseAll({
    email: () => parseEmail(claim.email),
    password: () => normalizePassword(claim.password, 'password'),
  });

  const account = await database.read(async ({ users, keys, services }) => {
    const found = await users.findByEmail(email);
    if (found === null || !found.user.isEnabled) return null;
    if (onlyUser !== undefined && found.user.id !== onlyUser) return null;
    const { passwordHash, version } = found.credential;
    const tokenKey = await keys.findToken(found.user.id, claim.serviceId);
    const service = await services.get(claim.serviceId);
    if (passwordHash === null || tokenKey === null || service === null) return null;
    return { user: found.user, service, tokenKey, passwordHash, version };
  });

  const isRight = await hasher.verify(password, account?.passwordHash ?? null);
  if (account === null || !isRight) throw new InvalidCredentials();
  return { ...account, password };
}
