import { type Actor, Forbidden, formServiceId, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findSession } from './find-session.ts';

type Service = Extract<Actor, { readonly kind: 'service' }>;

/**
 * Lets an admin act in the name of the built-in service: who sees what, and may what, is as for every service. Answers
 * the service, with the admin as the user that it asks for. Throws `Forbidden` for everybody else.
 */
export async function admitAdmin(
  { database, clock }: Pick<Ports, 'database' | 'clock'>,
  actor: Actor,
): Promise<Service> {
  if (actor.kind !== 'user') throw new Forbidden('forbidden');
  const { open, service } = await database.read(async (stores) => ({
    open: await findSession(stores, actor.session, clock.now()),
    service: await stores.services.get(formServiceId),
  }));
  if (!open || !service || !may(actor, 'administer people', open.user)) {
    throw new Forbidden('forbidden');
  }
  const { user, key } = open;
  const admin = { userId: user.id, keyId: key.id };
  return { kind: 'service', service, keyId: key.id, user: admin, origin: actor.origin };
}
