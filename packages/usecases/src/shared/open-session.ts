import {
  type Authentication,
  formServiceId,
  type Grant,
  type Id,
  type Instant,
  InvalidCredentials,
  missingFactor,
  momentOf,
  type Place,
  type ProofMethod,
  type SeenUser,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { lifetimes } from './lifetimes.ts';
import type { Member } from './member.ts';
import { tellNewDevice } from './new-device.ts';
import { tell } from './tell.ts';
import { holderOf } from './token-holder.ts';

export type Token = { readonly token: string; readonly expiresAt: Instant };

/** All that a client gets of a session that was opened. */
export type SessionTokens = {
  readonly access: Token;
  /** Null for a person who logs in at the built-in service. */
  readonly refresh: Token | null;
  /** To be brought along by the next login: with it, a right password gets in however often strangers tried. */
  readonly device: string;
};

/** A session that is about to be opened. */
export type PreparedSession = SessionTokens & {
  readonly grant: Grant;
  readonly authentication: Authentication;
  readonly sessionEnd: Instant;
  readonly isKnownDevice: boolean;
};

/**
 * Makes the tokens of a session of somebody who proved to be a member of a service, outside of the transaction that opens
 * it. `amr`: all that was proven. `deviceId`: the device that the account knows already; null for an unknown one.
 */
export async function prepareSession(
  ports: Pick<Ports, 'secrets' | 'accessTokens' | 'deviceTokens' | 'clock' | 'ids' | 'settings'>,
  { user, service, version, deviceEpoch }: Member,
  { amr, deviceId }: { readonly amr: readonly ProofMethod[]; readonly deviceId: Id | null },
): Promise<PreparedSession> {
  const { secrets, accessTokens, deviceTokens, clock, ids, settings } = ports;
  const at = clock.now();
  const grant = { sessionId: ids.next(), userId: user.id, serviceId: service.id };
  const authentication = { amr, authenticatedAt: at };
  const isPersonal = service.id === formServiceId;
  const holder = isPersonal ? holderOf(user) : undefined;
  const issued = await accessTokens.issue({ ...grant, ...authentication }, holder);
  const ends = lifetimes(settings, { loginAt: at, now: at, accessExpiresAt: issued.expiresAt });
  const access = { ...issued, expiresAt: ends.access };
  const refresh = isPersonal ? null : { token: secrets.generate('rkf_'), expiresAt: ends.refresh };
  const device = deviceTokens.make({
    id: deviceId ?? ids.next(),
    userId: user.id,
    version,
    epoch: deviceEpoch,
    issuedAt: at,
  });
  return {
    access,
    refresh,
    device,
    grant,
    authentication,
    sessionEnd: refresh === null ? access.expiresAt : ends.session,
    isKnownDevice: deviceId !== null,
  };
}

/** Like `prepareSession`, for a session that may be opened with what was proven; null where a factor is missing for that. */
export const prepareWholeSession = async (
  ports: Parameters<typeof prepareSession>[0],
  member: Member,
  proven: Parameters<typeof prepareSession>[2],
): Promise<PreparedSession | null> =>
  missingFactor(member.user.factors, member.service, proven.amr) === null
    ? prepareSession(ports, member, proven)
    : null;

/**
 * Opens a session that was prepared for a member, in one transaction: locks the user, writes the session down, tells
 * `session.started`, and owes the owner the mail about a new device. It is the only way to a session. Throws
 * `InvalidCredentials` where a change, a lock or a revoked key since the proof voids it, and where a factor is missing
 * (`missingFactor`): no path opens a session without it. Throws `TooManyRequests` like `tellNewDevice`. The caller records
 * the login, and notes the use of the TOKEN key once it is committed.
 */
export async function openSession(
  ports: Pick<Ports, 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'>,
  stores: Stores,
  { origin }: Pick<Place, 'origin'>,
  { user, service, tokenKey, version }: Member,
  prepared: PreparedSession,
): Promise<SeenUser> {
  const { users, keys, sessions } = stores;
  const { grant, authentication, refresh, sessionEnd, isKnownDevice } = prepared;
  const { sessionId, userId, serviceId } = grant;
  const { amr, authenticatedAt: at } = authentication;
  const locked = await users.noteLogin(user.id, at, serviceId);
  const isAsProven = locked?.credential.version === version && locked.user.email === user.email;
  if (!locked?.user.isEnabled || !isAsProven) throw new InvalidCredentials();
  if (missingFactor(locked.user.factors, service, amr) !== null) throw new InvalidCredentials();
  const key = await keys.findToken(userId, serviceId, at);
  if (key?.id !== tokenKey.id) throw new InvalidCredentials();

  await sessions.insert({
    id: sessionId,
    createdAt: at,
    lastUsedAt: at,
    expiresAt: sessionEnd,
    userId,
    serviceId,
    keyId: tokenKey.id,
    origin: { address: origin.address, client: origin.client },
    ...authentication,
  });
  if (refresh) {
    const { token, expiresAt } = refresh;
    const digest = ports.secrets.digest(token);
    await sessions.insertRefresh({ digest, sessionId, createdAt: at, expiresAt });
  }
  const of = { serviceId, userId, subjectId: sessionId };
  const data = { key_id: tokenKey.id, expires_at: momentOf(sessionEnd) };
  await tell(ports, stores, { ...of, type: 'session.started', data });
  await tellNewDevice(ports, stores, { origin }, { account: locked, service, isKnownDevice });
  return locked.user;
}
