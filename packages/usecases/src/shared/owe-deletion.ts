import { type Actor, formServiceId, nowhere, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { owe, oweNews } from './owe.ts';

/**
 * Owes the owner of an account of the built-in service, which is locked and about to be deleted, the last mail about it:
 * whoever deletes it may be somebody else. Throws `TooManyRequests` for the own account, which nobody vouched for, where the
 * mail would be too much; where an admin deletes such an account, it is deleted without.
 */
export async function oweDeletion(
  ports: Pick<Ports, 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'>,
  stores: Stores,
  actor: Actor,
  user: User,
): Promise<void> {
  const at = { serviceId: formServiceId, origin: actor.origin ?? nowhere };
  const mail = { purpose: 'account_deleted', user, ...at } as const;
  await (actor.kind === 'user' ? owe : oweNews)(ports, stores, mail);
}
