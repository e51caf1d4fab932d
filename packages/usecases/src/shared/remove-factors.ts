import { type Id, noFactors } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/** Takes every second factor from a user, who is locked; answers how many those were, without recovery codes. */
export async function removeFactors(
  { clock }: Pick<Ports, 'clock'>,
  { users, factors, passkeys }: Pick<Stores, 'users' | 'factors' | 'passkeys'>,
  userId: Id,
): Promise<number> {
  const seeds = await factors.deleteSeeds(userId);
  const removed = await passkeys.deleteAllOf(userId);
  await factors.endChallenges(userId);
  await users.setFactors(userId, noFactors, clock.now());
  return seeds + removed.length;
}
