import { type Id, noFactors } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/** Takes every second factor from a user, who is locked; answers how many those were, without recovery codes. */
export async function removeFactors(
  { clock }: Pick<Ports, 'clock'>,
  { users, factors }: Pick<Stores, 'users' | 'factors'>,
  userId: Id,
): Promise<number> {
  const removed = await factors.deleteSeeds(userId);
  await factors.endChallenges(userId);
  await users.setFactors(userId, noFactors, clock.now());
  return removed;
}
