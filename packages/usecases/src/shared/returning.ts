import { FIRST_ID, formServiceId, type Id, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isKeptOut } from './kept-out.ts';

/**
 * Whether somebody who had a login at the built-in service, and has no key of it any more, gets it back with the mailbox:
 * a registration elsewhere, or the way back to a locked account, may have ended that key. Only where anybody may sign up,
 * and never for somebody who is kept out. Asks as much of the database where there is no user.
 */
export async function mayReturn(
  { clock, settings }: Pick<Ports, 'clock' | 'settings'>,
  stores: Pick<Stores, 'keys'>,
  { user, serviceId }: { readonly user: User | null; readonly serviceId: Id },
): Promise<boolean> {
  const userId = user?.id ?? FIRST_ID;
  const isLinked = await stores.keys.linksUser(userId, serviceId);
  const isShut = await isKeptOut(stores, { userId, serviceId }, clock.now());
  const hadLogin = isLinked || user?.createdBy === serviceId;
  const isOwners = user?.emailProven === true && hadLogin;
  return serviceId === formServiceId && settings.usersSignup && isOwners && !isShut;
}
