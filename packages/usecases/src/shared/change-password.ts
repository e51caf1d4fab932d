import {
  type Actor,
  InvalidCredentials,
  type Place,
  placeOf,
  Unauthorized,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { type PreparedPassword, prepareNewPassword } from './new-password.ts';
import { checkOwing, owe } from './owe.ts';
import type { Proof } from './prove-password.ts';
import { recordAtAll } from './record-at-all.ts';
import { sparing, tellAll } from './tell-all.ts';
import { checkChanges } from './throttle.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

/**
 * The slow work of a change, after the proof, so that only somebody who knows the password learns how often it was
 * changed. A change that somebody else commits from here on voids the proof.
 */
export async function prepareChange(
  ports: Needs,
  place: Place,
  { user, service }: Proof,
  newPassword: string,
): Promise<PreparedPassword> {
  const { database, clock, settings } = ports;
  await database.read(({ oneTimeTokens }) =>
    checkChanges(oneTimeTokens, settings, user.id, clock.now()),
  );
  await checkOwing(ports, user, place.origin);
  // The current password is known, and another one.
  const replaced = { user, service, current: null };
  return prepareNewPassword(ports, place, replaced, newPassword, 'newPassword');
}

/**
 * Sets the new password, ends every session but the one that asks, owes the mail, and tells everybody. Answers the user as
 * it is then.
 */
export async function commitChange(
  ports: Needs,
  stores: Stores,
  actor: Actor,
  { user, tokenKey, version }: Proof,
  passwordHash: string,
): Promise<User> {
  const { users, keys, sessions } = stores;
  const { serviceId, origin } = placeOf(actor);
  const now = ports.clock.now();
  const isChanged = await users.changePassword(user.id, version, passwordHash, now);
  if (!isChanged) throw new InvalidCredentials();
  // The key or the session that let the caller in may have ended while the hashes were made.
  const key = await keys.findToken(user.id, serviceId, now);
  if (key?.id !== tokenKey.id) throw new InvalidCredentials();
  const sessionId = actor.kind === 'user' ? actor.session.sessionId : undefined;
  if (sessionId !== undefined && (await sessions.findOpen(sessionId)) === null) {
    throw new Unauthorized();
  }

  await sessions.endAllOf(user.id, now, sessionId);
  const right = { purpose: 'update_password', user, serviceId, origin } as const;
  const { id: subjectId } = await owe(ports, stores, right);
  const of = { serviceId, userId: user.id, subjectId };
  await tellAll(ports, stores, { ...of, type: 'password.changed', data: sparing(sessionId) });
  await recordAtAll(ports, stores, actor, { ...of, type: 'sso:AuthLocalUpdatePassword' });
  return { ...user, updatedAt: now, passwordRequireUpdate: false };
}
