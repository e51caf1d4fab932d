import { type Actor, type Id, may, NotFound, type SeenUser, Unauthorized } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** The service that looks at users; null for the operator. Throws `Unauthorized` for people, who look at nobody. */
export function viewerOf(actor: Actor): Id | null {
  if (!may(actor, 'list users', null)) throw new Unauthorized();
  return actor.kind === 'service' ? actor.service.id : null;
}

/** A user whom the actor sees. Throws `NotFound` for unknown and foreign users alike. */
export async function seenBy(
  actor: Actor,
  { users }: Pick<Stores, 'users'>,
  id: Id,
): Promise<SeenUser> {
  const found = await users.see(id, actor.kind === 'service' ? actor.service.id : null);
  if (!found || !may(actor, 'read user', { isKnown: found.isVisible })) throw new NotFound();
  return found.user;
}
