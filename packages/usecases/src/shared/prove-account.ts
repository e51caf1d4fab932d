import {
  type AuditAction,
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
import type { AccessGrant, Ports } from './ports.ts';
import { type Recorder, recordFailure } from './record.ts';
import { attempt, type Counted } from './throttle.ts';
import { isVisible } from './visible-user.ts';

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
  readonly sealedQuality: string | null;
  /** Still counted as a failure: to be cleared with whatever the proof leads to. */
  readonly counted: Counted;
};

/** What a claim is proven for. */
export type Purpose = {
  readonly action: Extract<AuditAction, 'login' | 'password_change'>;
  /** The session that asks, where one does: it can only be its user. */
  readonly session?: AccessGrant | undefined;
};

/**
 * Proves a claim. Unknown and disabled users, a wrong password, no password and no TOKEN key
 * at the service all cost one hash and end in the same `InvalidCredentials`, which is recorded.
 * Throws `TooManyRequests` where too many claims have failed, and `Overloaded` where no hash can be made;
 * neither counts.
 */
export async function proveAccount(
  ports: Recorder & Pick<Ports, 'database' | 'hasher' | 'secrets' | 'settings'>,
  claim: Claim,
  { action, session }: Purpose,
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
      const { userId, account } = await database.read(async (stores) => {
        const found = await stores.users.findByEmail(email);
        if (found === null) return { userId: null, account: null };
        const { user, credential } = found;
        const { passwordHash, version, sealedQuality } = credential;
        const tokenKey = await stores.keys.findToken(user.id, serviceId);
        const service = await stores.services.get(serviceId);
        // Whom the service may not see it does not find in its audit either.
        const isSeen = tokenKey !== null || (await isVisible(stores, user, serviceId));
        const userId = isSeen ? user.id : null;
        const isMeant = session === undefined || session.userId === user.id;
        if (!user.isEnabled || !isMeant || passwordHash === null || !tokenKey || !service) {
          return { userId, account: null };
        }
        return {
          userId,
          account: { user, service, tokenKey, passwordHash, version, sealedQuality },
        };
      });
      const isRight = await hasher.verify(password, account?.passwordHash ?? null);
      return { userId, account: isRight ? account : null };
    },
  );
  const { userId, account } = found;
  if (account === null) {
    const subjectId = session?.sessionId ?? null;
    await recordFailure(ports, { action, serviceId, userId, subjectId, origin }, counted);
    throw new InvalidCredentials();
  }
  return { ...account, password, counted };
}
