import { type Actor, hasOwnMailbox, placeOf } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { presentedDevice } from './known-device.ts';
import { isFromKnownNetwork } from './new-device.ts';

/**
 * Whether a request about an address comes from where the owner of its account has been: a device or a network that the
 * account knows. Accounts that nobody vouches for have no owner.
 */
export async function isOwnersRequest(
  ports: Pick<Ports, 'database' | 'deviceTokens' | 'secrets' | 'clock'>,
  actor: Actor,
  email: string,
  token?: string,
): Promise<boolean> {
  const account = await ports.database.read(({ users }) => users.findByEmail(email));
  const device = await presentedDevice(ports, actor, email, token);
  if (account === null || !hasOwnMailbox(account.user)) return false;
  const { origin } = placeOf(actor);
  return device?.isKnown || isFromKnownNetwork(ports, account, origin);
}
