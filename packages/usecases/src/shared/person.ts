import { type Actor, Forbidden, type Id } from '@rekey/domain';

/** Somebody who proved to be a user with a session, and the service of that. */
export type Person = { readonly userId: Id; readonly sessionId: Id; readonly serviceId: Id };

/**
 * The person who asks: with the token of an own session, or through a service that sends it along. Throws `Forbidden` for
 * everybody else: a KEY, which a program has, is no proof of a person.
 */
export function personOf(actor: Actor): Person {
  if (actor.kind === 'user') return actor.session;
  const user = actor.kind === 'service' ? actor.user : null;
  if (actor.kind !== 'service' || !user || user.sessionId === undefined)
    throw new Forbidden('forbidden');
  return { userId: user.userId, sessionId: user.sessionId, serviceId: actor.service.id };
}
