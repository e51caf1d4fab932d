import { type Actor, type Id, InvalidCredentials, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Recorder } from './record.ts';
import { renewCodes } from './recovery-codes.ts';
import { tell } from './tell.ts';
import { sparing } from './tell-all.ts';
import { tellFactor } from './tell-factor.ts';
import { WRONG_CODE } from './with-code.ts';

type Confirmed = {
  /** Locked. */
  readonly user: User;
  readonly serviceId: Id;
  readonly seedId: Id;
  /** Of the code that confirms it. */
  readonly step: number;
  /** The session that goes on where all others end; undefined for none. */
  readonly sessionId?: Id | undefined;
};

/**
 * Makes a seed the factor of a user: every login takes it from then on, other sessions end, and the owner is mailed of it.
 * Answers the recovery codes, which are shown once. Throws `InvalidCredentials` where somebody else was faster.
 */
export async function confirmSeed(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  { user, serviceId, seedId, step, sessionId }: Confirmed,
): Promise<readonly string[]> {
  const { users, services, sessions, factors } = stores;
  const now = ports.clock.now();
  if (!(await factors.confirmSeed(seedId, step, now))) throw new InvalidCredentials(WRONG_CODE);
  await factors.endChallenges(user.id);
  const held = { ...user.factors, hasTotp: true, atPassword: true, atProvider: true };
  await users.setFactors(user.id, held, now);
  for (const each of await services.knowing(user.id)) {
    if (each === serviceId) continue;
    const ended = await sessions.endAllAt(user.id, each, now);
    const of = { serviceId: each, userId: user.id };
    if (ended > 0) await tell(ports, stores, { ...of, type: 'session.ended' });
  }
  await sessions.endAllOf(user.id, now, sessionId);
  const ended = { serviceId, userId: user.id, data: sparing(sessionId) };
  await tell(ports, stores, { ...ended, type: 'session.ended' });
  const codes = await renewCodes(ports, stores, user.id);
  const changed = { kind: 'totp', change: 'added', user, serviceId, subjectId: seedId } as const;
  await tellFactor(ports, stores, actor, changed);
  return codes;
}
