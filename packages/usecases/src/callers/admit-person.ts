import { type Actor, Forbidden, may } from '@rekey/domain';

type Person = Extract<Actor, { readonly kind: 'user' }>;

/** Lets in people with a session at the built-in service, for calls that take no session of another one. */
export class AdmitPerson {
  /** Throws `Forbidden` for all others. */
  async execute(actor: Actor): Promise<Person> {
    if (actor.kind !== 'user' || !may(actor, 'act for oneself', { isProven: false })) {
      throw new Forbidden('forbidden');
    }
    return actor;
  }
}
