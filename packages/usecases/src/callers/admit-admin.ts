import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { admitAdmin } from '../shared/admit-admin.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Lets an admin in, for calls that are about others. */
export class AdmitAdmin {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers the built-in service, in whose name the admin acts. Throws `Forbidden` for everybody else. */
  async execute(actor: Actor): Promise<Extract<Actor, { readonly kind: 'service' }>> {
    return admitAdmin(this.#ports, actor);
  }
}
