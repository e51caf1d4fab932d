import { type Actor, type Id, type IdPage, may, type Service, Unauthorized } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type ListServicesInput = {
  readonly ids?: readonly Id[] | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly page: IdPage;
};

/** Lists the services: the operator all of them, a service itself alone. */
export class ListServices {
  readonly #ports: Pick<Ports, 'database'>;

  constructor(ports: Pick<Ports, 'database'>) {
    this.#ports = ports;
  }

  /** Services that the actor may not see are left out, whatever is asked for. */
  async execute(actor: Actor, { ids, isEnabled, page }: ListServicesInput): Promise<Service[]> {
    if (!may(actor, 'list services', null)) throw new Unauthorized();
    const seen = actor.kind === 'service' ? [actor.service.id] : undefined;
    const found = seen?.filter((id) => ids === undefined || ids.includes(id)) ?? ids;
    return this.#ports.database.read(({ services }) =>
      services.list({ ids: found, isEnabled }, page),
    );
  }
}
