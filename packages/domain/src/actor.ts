import { Unauthorized } from './errors.ts';
import type { Id } from './ids.ts';
import type { Origin } from './origin.ts';
import { formServiceId, type Service } from './service.ts';
import type { Grant } from './session.ts';

/** The party that asks. Every use case is `execute(actor, input)`; access.ts says what each kind may do. */
export type Actor =
  | {
      readonly kind: 'service';
      readonly service: Service;
      /** The key that the service asked with. */
      readonly keyId: Id;
      /** The user whom the request proves as well, by a key or token of the user; null where it proves none. */
      readonly user: ProvenUser | null;
      readonly origin: Origin;
    }
  /** The operator over the network, with a root key: sees everything and acts for nobody. */
  | { readonly kind: 'root'; readonly keyId: Id; readonly origin: Origin }
  /** A person, with the bearer token of a session. */
  | { readonly kind: 'user'; readonly session: Grant; readonly origin: Origin }
  /** Somebody who has proven nothing yet: at a form, or on a hosted page. */
  | { readonly kind: 'nobody'; readonly origin: Origin }
  /** The operator at the command line, or the server itself. */
  | { readonly kind: 'operator'; readonly origin: null };

/** A user, and the key that proved it: the one that was sent, or the one that its session rests on. */
export type ProvenUser = {
  readonly userId: Id;
  readonly keyId: Id;
  /** The session whose token proved it; none where a KEY did, which a program has. */
  readonly sessionId?: Id;
};

export const operator: Actor = { kind: 'operator', origin: null };

/** The service that an actor acts at, and where the actor is. */
export type Place = { readonly serviceId: Id; readonly origin: Origin };

/**
 * Where an actor acts: people who use forms and hosted pages act at the built-in service.
 * Throws `Unauthorized` for the operator, who acts at none.
 */
export function placeOf(actor: Actor): Place {
  switch (actor.kind) {
    case 'service':
      return { serviceId: actor.service.id, origin: actor.origin };
    case 'user':
      return { serviceId: actor.session.serviceId, origin: actor.origin };
    case 'nobody':
      return { serviceId: formServiceId, origin: actor.origin };
    case 'root':
    case 'operator':
      throw new Unauthorized();
  }
}
