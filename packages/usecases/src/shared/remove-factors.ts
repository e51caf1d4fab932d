import { type Id, noFactors } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/**
 * Takes every second factor and every link with a provider from a user, who is locked; answers how many factors those were,
 * without recovery codes and links.
 */
export async function removeFactors(
  { clock }: Pick<Ports, 'clock'>,
  stores: Pick<Stores, 'users' | 'factors' | 'passkeys' | 'providerLinks' | 'providerStates'>,
  userId: Id,
): Promise<number> {
  const { users, factors, passkeys, providerLinks, providerStates } = stores;
  const seeds = await factors.deleteSeeds(userId);
  const removed = await passkeys.deleteAllOf(userId);
  await factors.endChallenges(userId);
  await providerLinks.removeAllOf(userId);
  await providerStates.endAllOf(userId);
  await users.setFactors(userId, noFactors, clock.now());
  return seeds + removed.length;
}
