import {
  type Id,
  InvalidCredentials,
  type Key,
  normalizePassword,
  type Origin,
  parseAll,
  parseEmail,
  type Service,
  type User,
} from '@rekey/domain';
import type { Ports } from './ports.ts';
import { attempt, type Counted } from './throttle.ts';

/** What somebody says to be: the owner of an account at a service. */
export type Claim = {
  readonly serviceId: Id;
  readonly email: string;
  readonly password: string;
  readonly origin: Origin;
};

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
  /** Still counted as a failure: to be cleared with whatever the proof leads to. */
  readonly counted: Counted;
};

/**
 * Proves a claim. Unknown and disabled users, a wrong password, no password and no TOKEN key
 * at the service all cost one hash and end in the same `InvalidCredentials`.
 * `onlyUser` is the one user it may be, where a session says so.
 * Throws `TooManyRequests` where too many claims have failed, and `Overloaded` where no hash can be made;
 * neither counts.
 */
export async function proveAccount(
  ports: Pick<Ports, 'database' | 'hasher' | 'secrets' | 'clock' | 'settings'>,
  claim: Claim,
  onlyUser?: Id,
): Promise<Proof> {
  const { email, password } = parseAll({
    email: () => parseEmail(claim.email),
    password: () => normalizePassword(claim.password, 'password'),
  });
  const { database, hasher } = ports;
  hasher.admit();
  const { serviceId, origin } = claim;
  const { counted, found } = await attempt(
    ports,
    { account: email, serviceId, origin },
    async () => {
      const account = await database.read(async ({ users, keys, services }) => {
        const found = await users.findByEmail(email);
        if (found === null || !found.user.isEnabled) return null;
        if (onlyUser !== undefined && found.user.id !== onlyUser) return null;
        const { passwordHash, version } = found.credential;
        const tokenKey = await keys.findToken(found.user.id, serviceId);
        const service = await services.get(serviceId);
        if (passwordHash === null || tokenKey === null || service === null) return null;
        return { user: found.user, service, tokenKey, passwordHash, version };
      });
      const isRight = await hasher.verify(password, account?.passwordHash ?? null);
      return isRight ? account : null;
    },
  );
  if (found === null) throw new InvalidCredentials();
  return { ...found, password, counted };
}
