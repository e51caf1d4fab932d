import {
  type Actor,
  type Id,
  type Identity,
  IllegalArgument,
  isProven,
  type ProviderLink,
  type User,
  WrongState,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Recorder } from '../shared/record.ts';
import { makeLink } from './make-link.ts';

/**
 * Links an identity to a user who asks for it, and who is locked. One that is linked to the user already stays as it is.
 * Throws `IllegalArgument` where it is another's, or the user has a link with the provider, and `WrongState` for an account
 * that nobody proved.
 */
export async function linkTo(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  {
    user,
    serviceId,
    identity,
    field,
  }: {
    readonly user: User;
    readonly serviceId: Id;
    readonly identity: Identity;
    /** Under which refusals name the proof. */
    readonly field: string;
  },
): Promise<ProviderLink> {
  // Whoever has the mailbox would get a way in along that somebody else made.
  if (!isProven(user)) throw new WrongState('address_not_proven');
  const link = await stores.providerLinks.find(identity);
  if (link?.userId === user.id) return link;
  const made = await makeLink(ports, stores, actor, { user, serviceId, identity });
  if (made !== null) return made;
  const message = 'is for an account that is linked already, or there is a link with that provider';
  throw new IllegalArgument([{ field, message, code: 'exists' }]);
}
