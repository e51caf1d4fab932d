import { type Actor, Forbidden, formServiceId, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findSession } from '../shared/find-session.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

type Service = Extract<Actor, { readonly kind: 'service' }>;

/** Lets an admin act in the name of the built-in service: who sees what, and may what, is as for every service. */
export class AdmitAdmin {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers the service, with the admin as the user that it asks for. Throws `Forbidden` for everybody else. */
  async execute(actor: Actor): Promise<Service> {
    const { database, clock } = this.#ports;
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
}
