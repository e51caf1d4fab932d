import { type Actor, Forbidden, type Id, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/**
 * The user who asks for a change of how the account is got into, with a session: a KEY, which programs have, opens no way
 * to one. Throws `Forbidden` for everybody else.
 */
export async function askingUser(
  { database }: Pick<Ports, 'database'>,
  actor: Actor,
): Promise<{ readonly userId: Id; readonly serviceId: Id }> {
  if (actor.kind === 'user') {
    if (!may(actor, 'act for oneself', { isProven: false })) throw new Forbidden('forbidden');
    return actor.session;
  }
  const user = actor.kind === 'service' ? actor.user : null;
  if (actor.kind !== 'service' || user === null) throw new Forbidden('forbidden');
  const key = await database.read(({ keys }) => keys.get(user.keyId));
  if (key?.type !== 'TOKEN') throw new Forbidden('forbidden');
  return { userId: user.userId, serviceId: actor.service.id };
}
