import {
  type Actor,
  canLock,
  DAY_MS,
  type Id,
  type Instant,
  InvalidOneTimeToken,
  lockPurposes,
  may,
  type OneTimeToken,
  purposes,
  revokeTypes,
} from '@rekey/domain';
import type { Ports, Settings, Stores } from '../ports/index.ts';
import type { Recorder } from './record.ts';
import { recordAtAll } from './record-at-all.ts';
import { removeFactors } from './remove-factors.ts';
import { tell } from './tell.ts';
import { tellAll } from './tell-all.ts';

/** What a kill switch ended, of the whole account. */
export type Ended = {
  readonly sessions: number;
  /** Those of the types KEY and TOKEN. */
  readonly keys: number;
  /** Seeds of one-time codes: those of factors, and those of keys. */
  readonly factors: number;
};

/** Everything that is mailed, but for kill switches: a lock voids all of it, whatever address it went to. */
export const grants = purposes.filter((purpose) => !lockPurposes.includes(purpose));

/** For so long before a lock somebody may have had the account who should not: no password of that time comes back. */
export const doubtMs = ({ revokeTokenTtlMs }: Settings): number =>
  Math.max(7 * DAY_MS, revokeTokenTtlMs);

/**
 * "This wasn't me": locks the account that a link was mailed about and ends every key, session and factor of it, for all
 * services, whatever happened since the mail. Throws `InvalidOneTimeToken` for every token that is not good here.
 */
export async function lockAccount(
  ports: Recorder & Pick<Ports, 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  text: string,
): Promise<{ readonly token: OneTimeToken; readonly ended: Ended }> {
  const right = ports.linkTokens.verify(text);
  if (right === null || !canLock(right.purpose)) throw new InvalidOneTimeToken();
  // One instant for both: a link is known by it as the one that locked the account.
  const now = ports.clock.now();
  const token = await stores.oneTimeTokens.spend(right.id, now);
  if (token?.purpose !== right.purpose) throw new InvalidOneTimeToken();
  if (!may(actor, 'use link', token)) throw new InvalidOneTimeToken();

  const isGivenBack = await closeAccount(ports, stores, token, now);
  const { userId, serviceId, id: subjectId } = token;
  const knowing = await stores.services.knowing(userId);
  const ended = await endAll(ports, stores, { userId, knowing });
  const of = { serviceId, userId, subjectId };
  await tellAll(ports, stores, { ...of, type: 'user.locked' });
  if (isGivenBack) await tellAll(ports, stores, { ...of, type: 'email.changed' });
  await recordAtAll(ports, stores, actor, { ...of, type: revokeTypes[right.purpose] }, knowing);
  return { token, ended };
}

/**
 * Locks the account and voids all that waits in mailboxes. Answers whether the account got another address back, that
 * which the link was mailed to.
 */
async function closeAccount(
  { settings }: Pick<Ports, 'settings'>,
  { users, oneTimeTokens }: Stores,
  { userId, serviceId, email, purpose }: OneTimeToken,
  now: Instant,
): Promise<boolean> {
  const account = await users.lock(userId);
  const isMoved = account?.user.email !== email;
  // The account that somebody else made with an address is not one to which the address returns.
  if (isMoved && purpose === 'validate_email') throw new InvalidOneTimeToken();
  const first = await oneTimeTokens.earliest(userId, lockPurposes, now - doubtMs(settings));
  await users.lockOut(userId, now, { serviceId, recoverTo: first?.email ?? email });
  await oneTimeTokens.endAll(userId, grants, now);
  // Taken by somebody else meanwhile, it comes back with the way back at the earliest.
  return isMoved && users.giveBackAddress(userId, email, now);
}

/** Ends every session, key and factor of a user, who is locked. Each service is told of what was its own. */
export async function endAll(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Stores,
  { userId, knowing }: { readonly userId: Id; readonly knowing: readonly Id[] },
): Promise<Ended> {
  const now = ports.clock.now();
  let sessions = 0;
  for (const serviceId of knowing) {
    const ended = await stores.sessions.endAllAt(userId, serviceId, now);
    if (ended > 0) await tell(ports, stores, { type: 'session.ended', serviceId, userId });
    sessions += ended;
  }
  const keys = await stores.keys.revokeAllOf(userId, now);
  for (const { id: subjectId, type, serviceId } of keys) {
    if (serviceId === null) continue;
    const of = { serviceId, userId, subjectId };
    await tell(ports, stores, { ...of, type: 'key.revoked', data: { key_type: type } });
  }
  const seeds = keys.filter(({ type }) => type === 'TOTP').length;
  const factors = await removeFactors(ports, stores, userId);
  return { sessions, keys: keys.length - seeds, factors: seeds + factors };
}
